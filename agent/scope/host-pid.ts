/** Translates a PID from the scope's PID namespace into ours (`run --pid-namespace`). */
import { readFileSync } from 'node:fs'
import { processNumbers } from '../linux/procfs.ts'
import type { Task } from '../wire/event.ts'
import { isCgroup } from './cgroup.ts'
import { scopeNumber } from './scope.ts'

/**
 * @param pid its number in the scope's PID namespace, or in the machine's own where a control group is the scope
 * @returns its number in ours, which is the same where that is the scope; undefined when it is gone, or outside of ours
 */
export function hostPidOf(pid: number, scope: number): number | undefined {
  if (isCgroup(scope) || scope === scopeNumber()) return pid
  return processNumbers()
    .map(Number)
    .find((own) => numberWithin(own, scope) === pid)
}

/** Of a task in an event, which has its numbers in the machine's namespace and in its own. The caller proves that it still is that task. */
export const hostPidOfTask = ({ pid, nsPid }: Pick<Task, 'pid' | 'nsPid'>, scope: number): number | undefined =>
  hostPidOf(isCgroup(scope) ? pid : nsPid, scope)

/** Whether a process that we see is in the scope. */
export function isWithin(own: number, scope: number): boolean {
  try {
    return isCgroup(scope) || scopeNumber(`/proc/${own}/ns/pid`) === scope
  } catch {
    return false // it has ended
  }
}

/** The innermost number a process has, if its PID namespace is the scope. NSpid: proc_pid_status(5), outermost first. */
function numberWithin(own: number, scope: number): number | undefined {
  try {
    if (scopeNumber(`/proc/${own}/ns/pid`) !== scope) return undefined
    const line = /^NSpid:\s+(.+)$/m.exec(readFileSync(`/proc/${own}/status`, 'latin1'))?.[1]
    return Number(line?.split(/\s+/).at(-1))
  } catch {
    return undefined // it has ended
  }
}
