/**
 * The processes that are told of a rotation: each living process that was given a value itself, and where all of those have ended, as the first process
 * of a forking daemon has, the eldest of the copies that it left.
 */
import { readlinkSync } from 'node:fs'
import { isStill } from '../linux/process.ts'
import { processNumbers } from '../linux/procfs.ts'
import type { ProcessRecord } from '../node/process-records.ts'
import type { Binding } from '../policy/types.ts'
import { hostPidOf, isWithin } from '../scope/host-pid.ts'
import { PROC_FLAG } from '../wire/generated.ts'

/** Living and sealed, whether it was given its values or has a copy of them. */
export function isHolder({ scope, flags }: ProcessRecord, wanted: number): boolean {
  const of = PROC_FLAG.SEALED | PROC_FLAG.ENDED | PROC_FLAG.CANARY
  return scope === wanted && (flags & of) === PROC_FLAG.SEALED
}

const wasGiven = ({ flags }: ProcessRecord): boolean => (flags & PROC_FLAG.GIVEN) !== 0

/**
 * A fork has all that the kernel knows of its parent but the start, the parent's number too: so those with one container, set of
 * bindings, generation and number are copies of one process.
 */
const familyOf = ({ container, bindings, generation, pid }: ProcessRecord): string =>
  [container, bindings, generation, pid].join()

/** One of a family is told once: when it ends by that, none of the others is told in its place. */
export const toldOnce = (record: ProcessRecord): string =>
  wasGiven(record) ? `${record.pid}:${record.start}` : familyOf(record)

/** @param holders of one scope */
export function toldOf(holders: readonly ProcessRecord[]): ProcessRecord[] {
  const families = Map.groupBy(holders, familyOf)
  return [...families.values()].flatMap((family) => {
    const given = family.filter(wasGiven)
    return given.length ? given : family.toSorted((a, b) => (a.start < b.start ? -1 : 1)).slice(0, 1)
  })
}

/** @returns its number in our PID namespace; undefined where none, or no certain one, is to be seen */
export const numberOf = (record: ProcessRecord, binding: Binding): number | undefined =>
  wasGiven(record) ? hostPidOf(record.pid, record.scope) : numberOfCopy(record, binding)

/**
 * A copy's own number is not in its record. /proc shows starts in steps of 10 ms: of several processes of one step it is the one that
 * runs the bound program, and of several of those the first, which hold the same values.
 */
function numberOfCopy({ start, scope }: ProcessRecord, { selector: { binary } }: Binding): number | undefined {
  const started = processNumbers()
    .map(Number)
    .filter((pid) => isStill(pid, start) && isWithin(pid, scope))
  if (started.length < 2) return started[0]
  return started.filter((pid) => binary !== undefined && programOf(pid) === binary).toSorted((a, b) => a - b)[0]
}

function programOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/exe`)
  } catch {
    return undefined // it has ended
  }
}
