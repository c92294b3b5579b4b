/**
 * Refusals that daily work brings about: `ps`, `lsof` and monitoring look at every process of a machine, and at ours in passing. They
 * are refused and counted like all others; they are no alarm.
 */
import type { Way } from '../wire/constants.ts'
import { WAY_NAMES } from '../wire/constants.ts'
import type { AccessEvent } from '../wire/event.ts'

/**
 * Files that such tools open: environ (ps of procps 4 opens it of all), maps and open files (lsof), entries of newer
 * kernels.
 */
const LOOKS: ReadonlySet<Way> = new Set<Way>(['environ', 'maps', 'proc-file'])
/** include/linux/ptrace.h: attaching, and checks by a system call's own credentials, are no looks at procfs. */
const PTRACE_MODE_ATTACH = 0x02
const PTRACE_MODE_REALCREDS = 0x10

/** Of a process outside of every scope. Those inside have no business with their neighbours: visitors least of all. */
export function isInPassing({ way, detail, actor }: AccessEvent): boolean {
  if (actor.lineage !== 'unknown') return false
  if (way === 'agent-file') return LOOKS.has(WAY_NAMES[detail] ?? 'none')
  if (way === 'ptrace') return (detail & (PTRACE_MODE_ATTACH | PTRACE_MODE_REALCREDS)) === 0
  return LOOKS.has(way)
}
