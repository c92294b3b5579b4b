/**
 * Row 15: a look at the process before its exec must not open it afterwards. At 198d7de the word that an open of /proc/P/fd left
 * for the ptrace check took the place of that check's own verdict, once (bpf/guard/process/opening.h).
 */
import { closeSync, openSync, readdirSync } from 'node:fs'
import type { Attempt, Outcome, Target } from '../../attempt.ts'
import { release, withHeld } from '../held-target.ts'
import { seize, traced } from '../ptrace.ts'

const row15 = { row: 15, starts: true, switch: 'blockPtrace', proof: 'refusal' } as const

export const lookedBeforeAttempts: readonly Attempt[] = [
  {
    ...row15,
    id: 'ptrace-after-fd',
    title: 'PTRACE_SEIZE after a look at fd/ before the exec',
    run: (t) => afterLook(t, (pid) => readdirSync(`/proc/${pid}/fd`)),
  },
  {
    ...row15,
    id: 'ptrace-after-auxv',
    title: 'PTRACE_SEIZE after a look at auxv before the exec',
    run: (t) => afterLook(t, (pid) => closeSync(openSync(`/proc/${pid}/auxv`, 'r'))),
  },
]

/** Whether it has run its exec is asked by `cmdline` and `stat`: the first ptrace check after the look is that of the seizure. */
function afterLook(target: Target, look: (pid: number) => unknown): Outcome {
  return withHeld(target, (pid) => {
    look(pid)
    release(pid, target)
    return traced({ pid, needle: target.needle }, () => seize(pid))
  })
}
