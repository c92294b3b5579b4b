/** The kernel's choice of a process to end when memory is short (proc_pid_oom_score_adj(5)). */
import { readFileSync, writeFileSync } from 'node:fs'

const FILE = '/proc/self/oom_score_adj'
/** The kubelet's value for a Pod with guaranteed resources; -1000 would exempt even an agent that leaks. */
const LAST = -997

/**
 * Among the last to go. Processes that this one starts later inherit it.
 * @returns the score in force: going below the one it was started with takes CAP_SYS_RESOURCE, which an agent in a Pod lacks
 */
export function goLast(): number {
  const score = Number(readFileSync(FILE, 'latin1'))
  if (score <= LAST) return score
  try {
    writeFileSync(FILE, String(LAST))
    return LAST
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') return score
    throw error
  }
}
