/**
 * libbpf and libc by FFI: the declarations, and nothing else. Only this file imports koffi for them.
 * Signatures: libbpf 1.x, bpf/libbpf.h, bpf/bpf.h, bpf/btf.h. Pointers are opaque; null is NULL.
 */
import koffi from 'koffi'

export type Pointer = object | bigint
type Maybe = Pointer | null

const libbpf = koffi.load('libbpf.so.1')
const libc = koffi.load('libc.so.6')

const SampleCallback = koffi.pointer(koffi.proto('int ks_sample(void *ctx, void *data, size_t size)'))
const PrintCallback = koffi.pointer(koffi.proto('int ks_print(int level, const char *format, void *args)'))

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

const setPrint = libbpf.func('void *libbpf_set_print(void *callback)') as (callback: Pointer | null) => Maybe
const vsnprintf = libc.func('int vsnprintf(_Out_ uint8_t *to, size_t size, const char *format, void *args)') as (
  to: Buffer,
  size: number,
  format: string,
  args: Pointer,
) => number
const flock = libc.func('int flock(int fd, int operation)') as (fd: number, operation: number) => number
const pidfdOpen = libc.func('int pidfd_open(int pid, unsigned int flags)') as (pid: number, flags: number) => number
const pidfdSendSignal = libc.func('int pidfd_send_signal(int pidfd, int signal, void *info, unsigned int flags)') as (
  pidfd: number,
  signal: number,
  info: null,
  flags: number,
) => number
const prctl = libc.func('int prctl(int option, uint64_t a, uint64_t b, uint64_t c, uint64_t d)') as (
  option: number,
  a: number,
  b: number,
  c: number,
  d: number,
) => number

/** Ten times as fast as a view of the memory, which is an object that the collector has to finalize. */
const memcpy = libc.func('void *memcpy(uint8_t *to, const void *from, size_t size)') as (
  to: Buffer,
  from: Pointer,
  size: number,
) => Pointer
const madvise = libc.func('int madvise(uintptr_t address, size_t length, int advice)') as (
  address: bigint,
  length: bigint,
  advice: number,
) => number

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

/** flock(2) without waiting. @returns whether the lock is held now */
export function tryLock(fd: number): boolean {
  const LOCK_EX = 2
  const LOCK_NB = 4
  return flock(fd, LOCK_EX | LOCK_NB) === 0
}

/** A descriptor of one process that survives reuse of its number (pidfd_open(2)); or a negative errno. */
export function openProcess(pid: number): number {
  const fd = pidfdOpen(pid, 0)
  return fd < 0 ? -errno() : fd
}

/** @returns 0 or a negative errno */
export function signalProcess(fd: number, signal: number): number {
  return pidfdSendSignal(fd, signal, null, 0) < 0 ? -errno() : 0
}

/** Of this process's own; a page of a file comes back from it on the next use. @returns 0 or a negative errno */
export function dropPages({ start, end }: { readonly start: bigint; readonly end: bigint }): number {
  const MADV_DONTNEED = 4
  return madvise(start, end - start, MADV_DONTNEED) < 0 ? -errno() : 0
}

/** Runs a program once, in this thread's context. @returns its result, or the negative errno of the call */
export function runProgram(fd: number, context: Buffer): number {
  const opts = { sz: koffi.sizeof(TestRunOpts), ctx_in: context, ctx_size_in: context.length, retval: 0 }
  const status = programTestRun(fd, opts)
  return status < 0 ? -errno() : opts.retval | 0
}

/** errno of the last call on this thread. */
export const errno = (): number => koffi.errno()

/** Reads `length` bytes of foreign memory into a Buffer of our own. */
export function copyOut(from: Pointer, length: number): Buffer {
  const copy = Buffer.allocUnsafe(length)
  memcpy(copy, from, length)
  return copy
}

/** A callback for `ringNew`; it must outlive the ring. @returns the pointer and its release */
export function sampleCallback(onSample: (data: Pointer, size: number) => void): {
  pointer: Pointer
  free: () => void
} {
  const pointer = koffi.register((_ctx: unknown, data: Pointer, size: bigint | number) => {
    onSample(data, Number(size))
    return 0
  }, SampleCallback) as unknown as Pointer
  return { pointer, free: () => koffi.unregister(pointer as never) }
}

/** Hands each line libbpf would print to `sink`, levels 0 (warn) to 2 (debug). libbpf's own default is stderr. */
export function capturePrint(sink: (level: number, line: string) => void): void {
  const text = Buffer.alloc(1 << 24) // a verifier log, of which the end matters; pages are had as they are written
  const callback = koffi.register((level: number, format: string, args: Pointer) => {
    const length = vsnprintf(text, text.length, format, args)
    sink(level, text.toString('utf8', 0, Math.min(length, text.length - 1)).trimEnd())
    return 0
  }, PrintCallback)
  setPrint(callback as unknown as Pointer)
}

/** Watches a descriptor in the event loop. @returns stops watching */
export function watch(fd: number, onReadable: () => void): () => void {
  const handle = koffi.node.poll(fd, { readable: true }, onReadable)
  return () => handle.close()
}

/** PR_SET_DUMPABLE (prctl(2)): 0 makes /proc/self owned by root and forbids core dumps of this process. */
export function forbidDumps(): void {
  const PR_SET_DUMPABLE = 4
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
}
