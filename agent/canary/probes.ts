/**
 * The ways to a process's memory, each tried once on the canary. Every one ends in a check of its own in the kernel; `attack`
 * tries them by more names (agent/attack).
 */
import { closeSync, constants, openSync } from 'node:fs'
import { openSampler } from '../linux/perf-sampler.ts'
import { waitForStop } from '../linux/ptrace.ts'
import { addressOf, iovec, sys } from '../linux/syscall.ts'
import type { Policy } from '../policy/types.ts'

export interface Way {
  /** Value of a metric label. */
  readonly name: string
  /** Whether the policy refuses it. */
  readonly refusedBy: (policy: Policy) => boolean
  /** @throws an error with code EPERM or EACCES when it is refused */
  readonly attempt: (pid: number) => void
}

export const ways: readonly Way[] = [
  { name: 'environ', refusedBy: environBlocked, attempt: (pid) => open(`/proc/${pid}/environ`) },
  { name: 'task-environ', refusedBy: environBlocked, attempt: (pid) => open(`/proc/${pid}/task/${pid}/environ`) },
  { name: 'mem', refusedBy: (policy) => policy.blockMem, attempt: (pid) => open(`/proc/${pid}/mem`) },
  { name: 'proc-write', refusedBy: (policy) => policy.blockMem, attempt: openForWriting },
  { name: 'process-vm-readv', refusedBy: memoryBlocked, attempt: readv },
  { name: 'ptrace', refusedBy: memoryBlocked, attempt: seize },
  { name: 'pidfd-getfd', refusedBy: memoryBlocked, attempt: getfd },
  { name: 'perf', refusedBy: memoryBlocked, attempt: (pid) => openSampler(pid, -1).close() },
]

function environBlocked({ blockEnviron }: Policy): boolean {
  return blockEnviron
}

/**
 * A call that uses the caller's own credentials on the other's memory is refused by either switch
 * (bpf/guard/process/ptrace_guard.bpf.c).
 */
function memoryBlocked({ blockMem, blockPtrace }: Policy): boolean {
  return blockMem || blockPtrace
}

const REFUSALS = new Set(['EPERM', 'EACCES'])

/** @throws Error when the way failed for a reason that is no refusal */
export function isRefused({ attempt }: Way, pid: number): boolean {
  try {
    attempt(pid)
    return false
  } catch (error) {
    if (REFUSALS.has((error as NodeJS.ErrnoException).code ?? '')) return true
    throw error
  }
}

function open(path: string): void {
  closeSync(openSync(path, 'r'))
}

/**
 * Of all of these the one that the guard of opens alone refuses: environ and mem are refused by the ptrace guard as well. Nothing is
 * written.
 */
function openForWriting(pid: number): void {
  closeSync(openSync(`/proc/${pid}/coredump_filter`, constants.O_WRONLY))
}

/** mm_access() comes before the address is looked at: an unmapped one gives EFAULT to a caller that may read. */
function readv(pid: number): void {
  const bytes = Buffer.alloc(8)
  try {
    sys('process_vm_readv', pid, iovec(addressOf(bytes), 8), 1, iovec(0x1000n, 8), 1, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EFAULT') throw error
  }
}

const PTRACE_DETACH = 17
const PTRACE_SEIZE = 0x4206
const PTRACE_INTERRUPT = 0x4207

function seize(pid: number): void {
  sys('ptrace', PTRACE_SEIZE, pid, 0, 0)
  sys('ptrace', PTRACE_INTERRUPT, pid, 0, 0)
  waitForStop(pid)
  sys('ptrace', PTRACE_DETACH, pid, 0, 0)
}

function getfd(pid: number): void {
  const process = sys('pidfd_open', pid, 0)
  try {
    closeSync(sys('pidfd_getfd', process, 0, 0))
  } finally {
    closeSync(process)
  }
}
