/** An init has to wait for the processes that others left behind; Node waits for its own children alone. */
import { readFileSync } from 'node:fs'
import { sys } from '../linux/syscall.ts'

const LOOK_MS = 2000
const WNOHANG = 1

/** @returns stops it */
export function reapOrphans(): () => void {
  let before: readonly number[] = []
  const timer = setInterval(() => {
    // Node reaps its own children at once: one that was dead at the last look already is an orphan.
    const dead = endedChildren()
    for (const pid of dead) if (before.includes(pid)) sys('wait4', pid, null, WNOHANG, null)
    before = dead
  }, LOOK_MS)
  timer.unref()
  return () => clearInterval(timer)
}

/** The main thread inherits them (kernel/exit.c, find_new_reaper). */
function endedChildren(): number[] {
  const children = readFileSync('/proc/self/task/1/children', 'latin1').trim()
  return children === '' ? [] : children.split(' ').map(Number).filter(isZombie)
}

/** proc_pid_stat(5): the state stands after the last parenthesis, since a name may contain one. */
function isZombie(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return stat.charAt(stat.lastIndexOf(')') + 2) === 'Z'
  } catch {
    return false
  }
}
