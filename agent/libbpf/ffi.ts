/**
 * libbpf by FFI: the declarations, and nothing else. Its calls back into ours are in callbacks.ts.
 * Signatures: libbpf 1.x, bpf/libbpf.h, bpf/bpf.h, bpf/btf.h. Pointers are opaque; null is NULL.
 */
import koffi from 'koffi'

export type Pointer = object | bigint
type Maybe = Pointer | null

const libbpf = koffi.load('libbpf.so.1')

export const objectOpenFile = libbpf.func('void *bpf_object__open_file(const char *path, const void *opts)') as (
  path: string,
  opts: null,
) => Maybe
export const objectLoad = libbpf.func('int bpf_object__load(void *object)') as (object: Pointer) => number
export const objectClose = libbpf.func('void bpf_object__close(void *object)') as (object: Pointer) => void
export const objectNextProgram = libbpf.func('void *bpf_object__next_program(void *object, void *previous)') as (
  object: Pointer,
  previous: Maybe,
) => Maybe
export const objectNextMap = libbpf.func('void *bpf_object__next_map(void *object, void *previous)') as (
  object: Pointer,
  previous: Maybe,
) => Maybe
export const programName = libbpf.func('const char *bpf_program__name(void *program)') as (program: Pointer) => string
export const programSection = libbpf.func('const char *bpf_program__section_name(void *program)') as (
  program: Pointer,
) => string
export const programSetAutoload = libbpf.func('int bpf_program__set_autoload(void *program, bool on)') as (
  program: Pointer,
  on: boolean,
) => number
export const programFd = libbpf.func('int bpf_program__fd(void *program)') as (program: Pointer) => number
export const programAttach = libbpf.func('void *bpf_program__attach(void *program)') as (program: Pointer) => Maybe
export const linkDestroy = libbpf.func('int bpf_link__destroy(void *link)') as (link: Pointer) => number
const TestRunOpts = koffi.struct('bpf_test_run_opts', {
  sz: 'size_t',
  data_in: 'void *',
  data_out: 'void *',
  data_size_in: 'uint32_t',
  data_size_out: 'uint32_t',
  ctx_in: 'uint8_t *',
  ctx_out: 'void *',
  ctx_size_in: 'uint32_t',
  ctx_size_out: 'uint32_t',
  retval: 'uint32_t',
  repeat: 'int',
  duration: 'uint32_t',
  flags: 'uint32_t',
  cpu: 'uint32_t',
  batch_size: 'uint32_t',
})
const programTestRun = libbpf.func('int bpf_prog_test_run_opts(int fd, _Inout_ bpf_test_run_opts *opts)') as (
  fd: number,
  opts: Record<string, unknown>,
) => number
export const linkFd = libbpf.func('int bpf_link__fd(const void *link)') as (link: Pointer) => number
export const pin = libbpf.func('int bpf_obj_pin(int fd, const char *path)') as (fd: number, path: string) => number
/** @returns a descriptor of the pinned object, or a negative errno */
export const openPin = libbpf.func('int bpf_obj_get(const char *path)') as (path: string) => number
const ObjGetOpts = koffi.struct('bpf_obj_get_opts', { sz: 'size_t', file_flags: 'uint32_t', path_fd: 'int' })
const pinOpen = libbpf.func('int bpf_obj_get_opts(const char *path, const bpf_obj_get_opts *opts)') as (
  path: string,
  opts: Record<string, number>,
) => number
/** BPF_F_RDONLY of include/uapi/linux/bpf.h */
const READ_ONLY = 1 << 3
/** As `openPin`, of a map, without the right to write. */
export const openPinToRead = (path: string): number =>
  pinOpen(path, { sz: koffi.sizeof(ObjGetOpts), file_flags: READ_ONLY, path_fd: 0 })
/** Nothing but kernel programs writes to the map from now on. @returns 0, or a negative errno */
export const freezeMap = libbpf.func('int bpf_map_freeze(int fd)') as (fd: number) => number
/** Needs CAP_SYS_ADMIN. @returns a descriptor, or a negative errno */
export const programById = libbpf.func('int bpf_prog_get_fd_by_id(uint32_t id)') as (id: number) => number
const mapCreate = libbpf.func(
  'int bpf_map_create(int type, const char *name, uint32_t key_size, uint32_t value_size, uint32_t entries, const void *opts)',
) as (type: number, name: string, keySize: number, valueSize: number, entries: number, opts: null) => number
export const mapName = libbpf.func('const char *bpf_map__name(void *map)') as (map: Pointer) => string
export const mapFd = libbpf.func('int bpf_map__fd(void *map)') as (map: Pointer) => number
export const mapKeySize = libbpf.func('uint32_t bpf_map__key_size(void *map)') as (map: Pointer) => number
export const mapValueSize = libbpf.func('uint32_t bpf_map__value_size(void *map)') as (map: Pointer) => number

const mapInitialValue = libbpf.func('void *bpf_map__initial_value(void *map, _Out_ size_t *size)') as (
  map: Pointer,
  size: number[],
) => Maybe

export const mapUpdate = libbpf.func(
  'int bpf_map_update_elem(int fd, const uint8_t *key, const uint8_t *value, uint64_t flags)',
) as (fd: number, key: Buffer, value: Buffer, flags: number) => number
export const mapLookup = libbpf.func('int bpf_map_lookup_elem(int fd, const uint8_t *key, _Out_ uint8_t *value)') as (
  fd: number,
  key: Buffer,
  value: Buffer,
) => number
export const mapDelete = libbpf.func('int bpf_map_delete_elem(int fd, const uint8_t *key)') as (
  fd: number,
  key: Buffer,
) => number
export const mapNextKey = libbpf.func('int bpf_map_get_next_key(int fd, const uint8_t *key, _Out_ uint8_t *next)') as (
  fd: number,
  key: Buffer | null,
  next: Buffer,
) => number
export const objectInfo = libbpf.func(
  'int bpf_obj_get_info_by_fd(int fd, _Inout_ uint8_t *info, _Inout_ uint32_t *length)',
) as (fd: number, info: Buffer, length: number[]) => number
export const possibleCpus = libbpf.func('int libbpf_num_possible_cpus()') as () => number

export const ringNew = libbpf.func('void *ring_buffer__new(int fd, void *callback, void *ctx, const void *opts)') as (
  fd: number,
  callback: Pointer,
  ctx: null,
  opts: null,
) => Maybe
export const ringFree = libbpf.func('void ring_buffer__free(void *ring)') as (ring: Pointer) => void
export const ringConsume = libbpf.func('int ring_buffer__consume(void *ring)') as (ring: Pointer) => number
export const ringEpollFd = libbpf.func('int ring_buffer__epoll_fd(const void *ring)') as (ring: Pointer) => number

export const btfParseElf = libbpf.func('void *btf__parse(const char *path, void *ext)') as (
  path: string,
  ext: null,
) => Maybe
export const btfLoadVmlinux = libbpf.func('void *btf__load_vmlinux_btf()') as () => Maybe
export const btfFree = libbpf.func('void btf__free(void *btf)') as (btf: Pointer) => void
export const btfFindByKind = libbpf.func(
  'int btf__find_by_name_kind(const void *btf, const char *name, uint32_t kind)',
) as (btf: Pointer, name: string, kind: number) => number
export const btfTypeById = libbpf.func('const void *btf__type_by_id(const void *btf, uint32_t id)') as (
  btf: Pointer,
  id: number,
) => Maybe
export const btfNameByOffset = libbpf.func('const char *btf__name_by_offset(const void *btf, uint32_t offset)') as (
  btf: Pointer,
  offset: number,
) => string

/** Sets a `const volatile __u32` of an object that is open and not loaded. @param map its .rodata */
export function setConstant(map: Pointer, offset: number, value: number): void {
  const size = [0]
  const bytes = mapInitialValue(map, size)
  if (!bytes || offset + 4 > Number(size[0])) throw new Error(`the object has no constant at ${offset}`)
  new DataView(koffi.view(bytes as never, Number(size[0]))).setUint32(offset, value, true)
}

const BPF_MAP_TYPE_RINGBUF = 27

/** @param bytes a power of two, at least a page. @returns its descriptor, or a negative errno */
export function createRing(name: string, bytes: number): number {
  return mapCreate(BPF_MAP_TYPE_RINGBUF, name, 0, 0, bytes, null)
}

/** Runs a program once, in this thread's context. @returns its result, or the negative errno of the call */
export function runProgram(fd: number, context: Buffer): number {
  const opts = { sz: koffi.sizeof(TestRunOpts), ctx_in: context, ctx_size_in: context.length, retval: 0 }
  const status = programTestRun(fd, opts)
  return status < 0 ? -errno() : opts.retval | 0
}

/** errno of the last call on this thread. */
export const errno = (): number => koffi.errno()
