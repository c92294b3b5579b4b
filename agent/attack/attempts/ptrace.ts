/** Row 3: becoming the tracer of a running process (kernel/ptrace.c, ptrace_attach with PTRACE_MODE_ATTACH_REALCREDS). */

import { waitForStop } from '../../linux/ptrace.ts'
import { sys } from '../../linux/syscall.ts'
import type { Attempt, Outcome, Region, Target } from '../attempt.ts'
import { scan } from './memory.ts'

const PEEKDATA = 2
const ATTACH = 16
const DETACH = 17
const SEIZE = 0x4206
const INTERRUPT = 0x4207

const row3 = { row: 3, switch: 'blockPtrace', proof: 'refusal' } as const

export const ptraceAttempts: readonly Attempt[] = [
  {
    ...row3,
    id: 'ptrace-attach',
    title: 'PTRACE_ATTACH, then PEEKDATA',
    run: (t) => traced(t, () => sys('ptrace', ATTACH, t.pid, 0, 0)),
  },
  {
    ...row3,
    id: 'ptrace-seize',
    title: 'PTRACE_SEIZE and INTERRUPT, then PEEKDATA',
    run: (t) => traced(t, () => seize(t.pid)),
  },
]

export function seize(pid: number): void {
  sys('ptrace', SEIZE, pid, 0, 0)
  sys('ptrace', INTERRUPT, pid, 0, 0)
}

/** Relations of ptrace belong to a thread: all calls come from this one, and its end would detach too. */
export function traced(target: Target, attach: () => void): Outcome {
  attach()
  waitForStop(target.pid)
  try {
    return scan(target, (region) => peek(target.pid, region))
  } finally {
    sys('ptrace', DETACH, target.pid, 0, 0)
  }
}

/** One word per call; the raw system call stores the word where the fourth argument points. */
export function peek(pid: number, { start, end }: Region): Buffer {
  const bytes = Buffer.alloc(Math.ceil(Number(end - start) / 8) * 8)
  const word = Buffer.alloc(8)
  for (let offset = 0; offset < bytes.length; offset += 8) {
    sys('ptrace', PEEKDATA, pid, start + BigInt(offset), word)
    word.copy(bytes, offset)
  }
  return bytes
}
