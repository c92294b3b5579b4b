/** How the target says that all its places are filled: by its name, which every process may read, protected or not. */
import { readFileSync } from 'node:fs'

/** At most 15 bytes (TASK_COMM_LEN). */
export const READY_NAME = 'ks-sweep-ready'

export function isReady(pid: number): boolean {
  return readFileSync(`/proc/${pid}/comm`, 'latin1').trim() === READY_NAME
}
