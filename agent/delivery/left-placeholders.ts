/**
 * Looks for the cause where a program has started unsealed for lack of a placeholder: one that was cut on its way, or that this agent
 * does not know. The program has ended its seal by then, and may end, or start another, before it is looked at: no cause is told then.
 */
import { readFileSync } from 'node:fs'
import { isStill } from '../linux/process.ts'
import { isCut, slotIn } from '../policy/secrets/placeholder.ts'
import { hostPidOfTask } from '../scope/host-pid.ts'
import type { Task } from '../wire/event.ts'

export interface LeftPlaceholder {
  readonly variable: string
  /** Of its text. */
  readonly bytes: number
  /** It lacks its end. Otherwise it is whole. */
  readonly isCut: boolean
}

export function openLeftPlaceholders(scope: number): (task: Task) => readonly LeftPlaceholder[] {
  return (task) => {
    const pid = hostPidOfTask(task, scope)
    if (pid === undefined) return []
    try {
      const environ = readFileSync(`/proc/${pid}/environ`, 'latin1')
      return isStill(pid, task.start) ? leftIn(environ) : []
    } catch {
      return []
    }
  }
}

/** More of one program say no more. */
const MOST = 4

/** @param environ strings, each with a NUL behind it. Of them only names of variables leave this function. */
export function leftIn(environ: string): LeftPlaceholder[] {
  const found = environ.split('\0').flatMap((string) => {
    const [, variable, text] = /^([A-Za-z_]\w*)=(kernelseal:v1:.*)$/s.exec(string) ?? []
    if (variable === undefined || text === undefined) return []
    if (!isCut(text) && slotIn(text) === undefined) return []
    return [{ variable, bytes: text.length, isCut: isCut(text) }]
  })
  return found.slice(0, MOST)
}
