/** The kernel's figures of a process: memory, processor time. */
import { readFileSync } from 'node:fs'

/** MiB. `anonymous` is the cost of a second agent on the machine: the rest is shared files. */
export interface Memory {
  readonly resident: number
  readonly anonymous: number
}

/** proc_pid_status(5). */
export function memoryOf(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1024
  return { resident: field('VmRSS'), anonymous: field('RssAnon') }
}

/** Seconds on a processor so far, all threads; from ticks of 10 ms (proc_pid_stat(5), utime and stime; USER_HZ is 100). */
export function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ') // from the third on
  return (Number(fields[14 - 3]) + Number(fields[15 - 3])) / 100
}
