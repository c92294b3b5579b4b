/**
 * A flood of flood.ts as a process. An attacker's work is not done on the webhook's machine; here it is, so it gets the time that the
 * webhook and its client leave (SCHED_IDLE of sched(7)): a turn of a flood's own would be counted as the webhook's delay. On an otherwise
 * quiet machine that is most of both processors.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Running } from './webhook-process.ts'
import { weigh } from './weigh.ts'

const FLOOD = join(import.meta.dirname, 'flood.ts')

/** @param kind of flood.ts */
export function startFlood(kind: string, { port, metricsPort }: Running): ChildProcess {
  const command = ['--idle', '0', process.execPath, FLOOD, kind, `${port}`, `${metricsPort}`]
  // In a session of its own, which the scheduler weighs against ours.
  const child = spawn('chrt', command, { stdio: 'ignore', detached: true })
  weigh(child.pid, 5)
  return child
}
