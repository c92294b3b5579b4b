/**
 * A program that waits for its values is stopped, and callers that watch for stops stop along with it (sudo, su, runuser, nsenter,
 * unshare --fork). The agent continues them, once their program goes on.
 */
import { isStill, signalOnce, startOf } from '../linux/process.ts'
import { statFields } from '../linux/procfs.ts'

/** The process that started a program. */
export interface Caller {
  readonly pid: number
  /** ns since boot, in steps of 10 ms */
  readonly start: bigint
}

/** A caller stops itself some time after it has seen the stop, and its own caller some time after that. */
const LOOKS_MS = [0, 20, 100, 500, 2_000, 8_000] as const
/** A terminal's shell, sudo, nsenter, runuser and the like: more stand in no row. */
const MOST_CALLERS = 8

/** Undefined when it has none, or none that we see. */
export function callerOf(pid: number): Caller | undefined {
  try {
    const parent = Number(statFields(pid)(4))
    const start = parent > 1 ? startOf(parent) : undefined
    return start === undefined ? undefined : { pid: parent, start }
  } catch {
    return undefined // it has ended
  }
}

/** @param waits whether a process that started then waits for values of its own: it must not run without them */
export function openCallers(waits: (start: bigint) => boolean): (caller: Caller | undefined) => void {
  return (caller) => {
    if (!caller) return
    const woken = new Set<number>()
    for (const ms of LOOKS_MS) setTimeout(() => wake(caller, woken, waits), ms).unref()
  }
}

/** Upwards for as long as they stopped along: one that has not is another's business, and so are those above it. */
function wake(first: Caller, woken: Set<number>, waits: (start: bigint) => boolean): void {
  let caller: Caller | undefined = first
  for (let i = 0; caller && i < MOST_CALLERS; i++) {
    const { pid, start }: Caller = caller
    const continued = signalOnce(pid, start, 'SIGCONT', () => statFields(pid)(3) === 'T' && !waits(start))
    if (continued) woken.add(pid)
    if (!woken.has(pid) || !isStill(pid, start)) return
    caller = callerOf(pid)
  }
}
