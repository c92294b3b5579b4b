/**
 * Row 3: a call that reaches into another's memory with the check that procfs makes for its links (mm/madvise.c, process_madvise →
 * mm_access with PTRACE_MODE_READ_FSCREDS). MADV_PAGEOUT sends a stack to a swap file that the attacker has brought along.
 */
import { closeSync } from 'node:fs'
import { iovec, sys } from '../../../linux/syscall.ts'
import { type Attempt, empty, leaked, type Outcome, type Target } from '../../attempt.ts'
import { regionsOf } from '../../runner/locate.ts'

/** include/uapi/asm-generic/mman-common.h */
const MADV_PAGEOUT = 21
const PAGE = 4096n

export const memoryCallAttempts: readonly Attempt[] = [
  {
    id: 'madvise-pageout',
    row: 3,
    switch: 'blockMem',
    proof: 'refusal',
    takesFullRoot: true,
    title: 'process_madvise(MADV_PAGEOUT) of the stack',
    run: pageOut,
  },
]

function pageOut(target: Target): Outcome {
  const { start } = regionsOf(target)[0] ?? { start: PAGE }
  const handle = sys('pidfd_open', target.pid, 0)
  try {
    const page = iovec(start - (start % PAGE), Number(PAGE))
    const advised = sys('process_madvise', handle, page, 1, MADV_PAGEOUT, 0)
    return advised > 0 ? leaked(`${advised} bytes of the target were sent to swap`) : empty('nothing was advised')
  } finally {
    closeSync(handle)
  }
}
