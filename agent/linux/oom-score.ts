/** The kernel's choice of what to end when memory is short (proc_pid_oom_score_adj(5)). */
import { readFileSync, writeFileSync } from 'node:fs'

const FILE = '/proc/self/oom_score_adj'
/** What the kubelet gives a Pod with guaranteed resources; -1000 would exempt even an agent that leaks. */
const LAST = -997

/**
 * Among the last to go. What starts from this process later inherits it.
 * @returns the score in force: going below what one was started with takes CAP_SYS_RESOURCE, which an agent in a Pod lacks
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
