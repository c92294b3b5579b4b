/** An attacker's work is not done on the webhook's machine: here it is, so the scheduler weighs one against the other. */
import { writeFileSync } from 'node:fs'

/** @param process of a session, all of which is weighed by it against others: sched(7), autogroup; a kernel without has one value for all */
export function weigh(process: number | 'self' | undefined, nice: number): void {
  try {
    writeFileSync(`/proc/${process}/autogroup`, `${nice}`)
  } catch {}
}
