/** Numbers of tracepoints, which an attacker knows from another machine with that kernel: tracefs is closed to scopes. */
import { readFileSync } from 'node:fs'

const known = new Map<string, number>()

/** @param name `group/event` @returns undefined where this kernel has none, or tracefs is not to be read */
export function numberOfTracepoint(name: string): number | undefined {
  try {
    if (!known.has(name)) known.set(name, Number(readFileSync(`/sys/kernel/tracing/events/${name}/id`, 'latin1')))
  } catch {}
  return known.get(name)
}
