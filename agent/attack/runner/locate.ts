/** Where the target's initial stack is, by every source an attacker has. */
import { readFileSync } from 'node:fs'
import { statFields } from '../../linux/procfs.ts'
import type { Region, Target } from '../attempt.ts'

/**
 * The places to search, best first: the environment by `stat`, the address the target gave, the whole stack by
 * `maps`. Empty when everything is withheld; the caller tries its call nevertheless, because it must be refused even
 * so.
 */
export function regionsOf(target: Target): Region[] {
  const found = [environmentOf(target.pid), target.region, stackOf(target.pid)]
  return found.filter((region) => region !== undefined)
}

/** env_start and env_end, fields 50 and 51 of proc_pid_stat(5); zero without PTRACE_MODE_READ (fs/proc/array.c, do_task_stat). */
export function environmentOf(pid: number): Region | undefined {
  const field = statFields(pid)
  const start = BigInt(field(50) ?? 0)
  const end = BigInt(field(51) ?? 0)
  return end > start ? { start, end } : undefined
}

/** The `[stack]` line of `maps`; undefined where `maps` is refused. */
function stackOf(pid: number): Region | undefined {
  try {
    const line = /^([0-9a-f]+)-([0-9a-f]+) .*\[stack\]$/m.exec(readFileSync(`/proc/${pid}/maps`, 'latin1'))
    return line ? { start: BigInt(`0x${line[1]}`), end: BigInt(`0x${line[2]}`) } : undefined
  } catch {
    return undefined
  }
}
