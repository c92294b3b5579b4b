/** Row 4: a tracer that is there before the exec, and so past every check of attaching (kernel/ptrace.c, ptrace_event). */

import { waitForStop } from '../../linux/ptrace.ts'
import { sys } from '../../linux/syscall.ts'
import type { Attempt, Outcome, Target } from '../attempt.ts'
import { judgeEnd, startOf, withChild, withHeld } from './held-target.ts'
import { scan } from './memory.ts'
import { peek } from './ptrace.ts'

const CONT = 7
const SEIZE = 0x4206
const O_TRACEEXEC = 0x10
const SIGTRAP = 5

const row4 = { row: 4, starts: true, switch: 'blockPtrace', proof: 'absence' } as const

export const tracerAttempts: readonly Attempt[] = [
  { ...row4, id: 'tracer-before-exec', title: 'seize a process, then let it exec the program', run: seized },
  { ...row4, id: 'traceme-exec', title: 'exec the program after PTRACE_TRACEME', run: traceme },
]

function seized(target: Target): Outcome {
  return withHeld(target, (pid) => {
    sys('ptrace', SEIZE, pid, 0, O_TRACEEXEC)
    process.kill(pid, 'SIGCONT')
    return lookAtExec(pid, target)
  })
}

function traceme(target: Target): Outcome {
  return withChild({ ...startOf(target), gate: 'traceme' }, (pid) => lookAtExec(pid, target))
}

/** A sealed program that is traced may be killed before its first instruction: then there is nothing to look at. */
function lookAtExec(pid: number, target: Target): Outcome {
  const end = runToExec(pid)
  if (end !== undefined) return judgeEnd(end)
  return scan({ pid, needle: target.needle }, (region) => peek(pid, region))
}

/**
 * Passes signals on until the exec stop: PTRACE_EVENT_EXEC for a seizer, a plain SIGTRAP after PTRACE_TRACEME.
 * @returns the wait status of a process that ended before
 */
function runToExec(pid: number): number | undefined {
  for (;;) {
    const status = waitForStop(pid)
    const stopped = (status & 0xff) === 0x7f
    if (!stopped) return status
    const signal = (status >> 8) & 0xff
    if (signal === SIGTRAP && status >> 16 !== EVENT_STOP) return undefined
    sys('ptrace', CONT, pid, 0, status >> 16 === 0 ? signal : 0)
  }
}

/** PTRACE_EVENT_STOP: a group stop, or its end, of a seized process. */
const EVENT_STOP = 128
