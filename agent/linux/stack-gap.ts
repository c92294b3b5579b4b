/**
 * The page of the initial stack that the kernel may have left without memory, between the auxiliary vector and the strings of
 * arguments and environment: it moves the stack pointer by up to 8 KiB at random there (arch_align_stack, arch/x86/kernel/process.c).
 * A perf sample of the stack is copied without page faults and ends at such a page (perf_output_sample_ustack,
 * kernel/events/core.c): for one process of thirty no sample ever reaches the environment.
 */
import { closeSync, openSync, readSync } from 'node:fs'
import { statFields } from './procfs.ts'

const PAGE = 4096

/**
 * Reads a byte of each page between, so that it has memory. Without the right to read the target's memory it does nothing: the
 * attempt itself is of another kind, and is judged by its own calls.
 */
export function fillStackGap(pid: number): void {
  try {
    const memory = openSync(`/proc/${pid}/mem`, 'r')
    try {
      for (const page of pagesOfGap(pid)) readSync(memory, Buffer.alloc(1), 0, 1, page)
    } finally {
      closeSync(memory)
    }
  } catch {
    // Nothing depends on it where the gap is small.
  }
}

/**
 * From the stack pointer at the program's start to its arguments: fields 28 and 48 of proc_pid_stat(5), zero without
 * PTRACE_MODE_READ.
 * @returns addresses, one in each page
 */
export function pagesOfGap(pid: number): number[] {
  const field = statFields(pid)
  const [start, strings] = [Number(field(28) ?? 0), Number(field(48) ?? 0)]
  const first = start - (start % PAGE)
  return start > 0 ? Array.from({ length: Math.ceil((strings - first) / PAGE) }, (_, i) => first + i * PAGE) : []
}
