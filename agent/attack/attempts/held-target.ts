/**
 * A target of the attempt's own, held back just before its exec: the attacker prepares, lets it go, and looks. It runs under the
 * attacker's identity, since an attacker cannot start a process with more rights than its own.
 */

import { sys } from '../../linux/syscall.ts'
import { empty, Impossible, type Outcome, refused, type Target } from '../attempt.ts'
import { EXEC_REFUSED, executed, type LaunchSpec, launch, stateOf, waitUntil } from '../runner/launch.ts'

const WALL = 0x40000000

/** @throws Impossible where the runner gave no start command */
export function startOf({ start }: Target): LaunchSpec {
  if (!start) throw new Impossible('no command to start the target with')
  return { ...start, as: 'root' }
}

/** Starts the target's program, stopped; kills and reaps it after `use`. */
export function withHeld<T>(target: Target, use: (pid: number) => T): T {
  return withChild({ ...startOf(target), gate: 'stop' }, (pid) => {
    waitUntil('launcher stopped', () => stateOf(pid) === 'T')
    return use(pid)
  })
}

/** Reaped by hand: the event loop that would do it does not run while an attempt does, and must not wait for it afterwards. */
export function withChild<T>(spec: LaunchSpec, use: (pid: number) => T): T {
  const child = launch(spec, ['ignore', 'ignore', 'ignore'])
  child.unref()
  const { pid } = child
  if (pid === undefined) throw new Error('the launcher could not be started')
  try {
    return use(pid)
  } finally {
    end(pid)
  }
}

/** Lets a held process go and waits until it runs its program, or is gone because that was refused. */
export function release(pid: number, target: Target): void {
  process.kill(pid, 'SIGCONT')
  waitUntil('exec of the target', () => ended(pid) || executed(pid, startOf(target).argv))
}

export function ended(pid: number): boolean {
  return 'ZX'.includes(stateOf(pid))
}

/**
 * A process that ended where it should have run: killed, as a seal does that cannot deliver, or refused its exec. Anything else is a
 * failure of the launcher and must not pass for protection.
 * @param status as wait4 stores it
 */
export function judgeEnd(status: number): Outcome {
  const killedBy = status & 0x7f
  if (killedBy !== 0) return empty(`a process killed by signal ${killedBy} at its exec`)
  if (status >> 8 === EXEC_REFUSED) return refused('execve', 'EPERM')
  throw new Error(`the launcher ended with status ${status >> 8}`)
}

/** ECHILD: `use` has waited for it already. */
function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
    sys('wait4', pid, null, WALL, null)
  } catch {}
}
