/** Events of perf that sample nothing, opened by a small program (perf-open.py), which any namespace can run. */
import assert from 'node:assert/strict'
import type { Ran } from './pid-namespace.ts'

const SCRIPT = new URL('perf-open.py', import.meta.url).pathname

/** `software`, or a probe: `tracepoint` with its number, `breakpoint` with an address, `kprobe`, `uprobe` with two offsets. */
export type Kind = readonly [kind: string, ...numbers: number[]]

/** @param pid or -1 for a whole CPU; @param times how often it is opened, and closed again */
export function perfOpen([kind, ...numbers]: Kind, pid: number, cpu = -1, times = 1): string[] {
  return ['/usr/bin/python3', SCRIPT, kind, ...[pid, cpu, times, ...numbers].map(String)]
}

/** Its environment: the file of a uprobe. */
export const fileOf = (path: string): Record<string, string> => ({ PATH: '/usr/bin', KS_FILE: path })

/** @returns `ok`, or the error of the first time that is another than the first */
export function opened({ status, stdout, stderr }: Ran): string {
  assert.equal(status, 0, stderr)
  return stdout.trim()
}
