/**
 * Raw system calls for the attempts. The agent's own calls are in `libc.ts`; this file stands apart
 * because an attacker must not depend on the library it attacks, and because libbpf.so may be absent where it runs.
 *
 * Everything runs on the calling thread: credentials, ptrace relations and mount namespaces belong to it.
 */
import { getSystemErrorName } from 'node:util'
import koffi from 'koffi'
import { type CallName, numberOf } from './syscall-numbers.ts'

/** A Buffer or string (terminated with NUL) is passed by address, `null` as a null pointer. */
export type Argument = number | bigint | Buffer | string | null

/** The call failed. `code` is the errno's name, shaped like the errors of `node:fs` so that both are judged alike. */
export class SyscallError extends Error {
  readonly code: string
  readonly syscall: string
  constructor(syscall: string, errno: number) {
    const code = getSystemErrorName(-errno)
    super(`\`${syscall}\` failed with ${code}`)
    this.code = code
    this.syscall = syscall
  }
}

/** syscall(2) is variadic in C; both ABIs pass variadic integers like fixed ones, so fixed parameters are exact. */
const libc = koffi.load('libc.so.6')
const syscall = libc.func('int64_t syscall(int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t)')

/**
 * @returns the call's result; addresses fit a number (47 or 48 bits)
 * @throws SyscallError
 */
export function sys(call: CallName, ...args: Argument[]): number {
  const held = args.map((arg) => (typeof arg === 'string' ? Buffer.from(`${arg}\0`) : arg))
  const words = held.map((arg) => (Buffer.isBuffer(arg) ? koffi.address(arg) : (arg ?? 0)))
  while (words.length < 6) words.push(0)
  const result = Number(syscall(numberOf(call), ...words))
  if (result === -1) throw new SyscallError(call, koffi.errno())
  return result
}

/**
 * A call by its number, with bare words: for calls without a name here. Where it fails it does not throw, for a sweep
 * fails most of the time.
 * @returns the result, or minus the errno
 */
export function callNumber(number: number, words: readonly (number | bigint)[]): number {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = words
  const result = Number(syscall(number, a, b, c, d, e, f))
  return result === -1 ? -koffi.errno() : result
}

/** A call that stays in the kernel, in a thread of its own: there its arguments lie in registers. `words` as above. */
export function blockInCall(call: CallName, words: readonly (number | bigint)[]): void {
  const six = Array.from({ length: 6 }, (_, i) => words[i] ?? 0)
  syscall.async(numberOf(call), ...six, () => {})
}

/** The address of a buffer's bytes, for structures that point at it. The caller keeps the buffer reachable over the call. */
export function addressOf(buffer: Buffer): bigint {
  return koffi.address(buffer)
}

/** A writable window on mapped memory; worthless after `munmap`. */
export function memoryAt(address: number, length: number): Buffer {
  return Buffer.from(koffi.view(BigInt(address), length))
}

/** `struct iovec` with one element. */
export function iovec(base: bigint, length: number): Buffer {
  const vector = Buffer.alloc(16)
  vector.writeBigUInt64LE(base, 0)
  vector.writeBigUInt64LE(BigInt(length), 8)
  return vector
}

/** Blocks the thread: attempts are synchronous because their calls are bound to one thread. */
export function sleep(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}
