/** libbpf's calls into our functions, and the memory that they hand over. */
import koffi from 'koffi'
import type { Pointer } from './ffi.ts'

const libbpf = koffi.load('libbpf.so.1')
const libc = koffi.load('libc.so.6')

const SampleCallback = koffi.pointer(koffi.proto('int ks_sample(void *ctx, void *data, size_t size)'))
const PrintCallback = koffi.pointer(koffi.proto('int ks_print(int level, const char *format, void *args)'))

const setPrint = libbpf.func('void *libbpf_set_print(void *callback)') as (callback: Pointer | null) => Pointer | null
const vsnprintf = libc.func('int vsnprintf(_Out_ uint8_t *to, size_t size, const char *format, void *args)') as (
  to: Buffer,
  size: number,
  format: string,
  args: Pointer,
) => number
/** Ten times as fast as a view of the memory, which is an object that the collector has to finalize. */
const memcpy = libc.func('void *memcpy(uint8_t *to, const void *from, size_t size)') as (
  to: Buffer,
  from: Pointer,
  size: number,
) => Pointer

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
