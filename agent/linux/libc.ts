/** Calls of the C library that Node does not offer. For the agent; an attacker's are in syscall.ts. */
import koffi from 'koffi'

const libc = koffi.load('libc.so.6')

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

const madvise = libc.func('int madvise(uintptr_t address, size_t length, int advice)') as (
  address: bigint,
  length: bigint,
  advice: number,
) => number

/** flock(2) without waiting. @returns whether the lock is held now */
export function tryLock(fd: number): boolean {
  const LOCK_EX = 2
  const LOCK_NB = 4
  return flock(fd, LOCK_EX | LOCK_NB) === 0
}

/** A descriptor of one process that survives reuse of its number (pidfd_open(2)); or a negative errno. */
export function openProcess(pid: number): number {
  const fd = pidfdOpen(pid, 0)
  return fd < 0 ? -koffi.errno() : fd
}

/** @returns 0 or a negative errno */
export function signalProcess(fd: number, signal: number): number {
  return pidfdSendSignal(fd, signal, null, 0) < 0 ? -koffi.errno() : 0
}

/** Of this process's own; a page of a file comes back from it on the next use. @returns 0 or a negative errno */
export function dropPages({ start, end }: { readonly start: bigint; readonly end: bigint }): number {
  const MADV_DONTNEED = 4
  return madvise(start, end - start, MADV_DONTNEED) < 0 ? -koffi.errno() : 0
}

/** PR_SET_DUMPABLE (prctl(2)): 0 makes /proc/self owned by root and forbids core dumps of this process. */
export function forbidDumps(): void {
  const PR_SET_DUMPABLE = 4
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
}
