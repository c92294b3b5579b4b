/** Row 3: calls that take something of a process without reading its memory. */
import { closeSync } from 'node:fs'
import { sys } from '../../linux/syscall.ts'
import { type Attempt, judge, leaked, type Outcome, type Target } from '../attempt.ts'

const KCMP_VM = 1

const row3 = { row: 3, switch: 'blockPtrace', proof: 'refusal' } as const

export const handleAttempts: readonly Attempt[] = [
  { ...row3, id: 'pidfd-getfd', title: 'pidfd_getfd of a standard stream', run: stealDescriptor },
  { ...row3, id: 'kcmp', title: 'kcmp of the memory maps', run: compare },
]

/** kernel/pid.c, __pidfd_fget. A closed stream (EBADF) is no answer, so the next one is tried. */
function stealDescriptor({ pid }: Target): Outcome {
  const handle = sys('pidfd_open', pid, 0)
  try {
    let last: Outcome = judge(new Error('no standard stream open'))
    for (const stream of [0, 1, 2]) {
      last = steal(handle, stream)
      if (last.kind === 'leaked') return last
    }
    return last
  } finally {
    closeSync(handle)
  }
}

function steal(handle: number, stream: number): Outcome {
  try {
    closeSync(sys('pidfd_getfd', handle, stream, 0))
    return leaked(`took the target's descriptor ${stream}`)
  } catch (error) {
    return judge(error)
  }
}

/** kernel/kcmp.c checks both processes; against itself the caller always passes. */
function compare({ pid }: Target): Outcome {
  const order = sys('kcmp', pid, process.pid, KCMP_VM, 0, 0)
  return leaked(`kcmp answered ${order}`)
}
