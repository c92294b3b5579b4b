/** Tells the processes that hold outdated values, as their bindings' `onRotate` says. */

import { handlesSignal, signalOnce } from '../linux/process.ts'
import type { Guard } from '../node/guard.ts'
import { type ProcessRecord, processRecords } from '../node/process-records.ts'
import type { Binding } from '../policy/types.ts'
import { hostPidOf } from '../scope/host-pid.ts'
import { PROC_FLAG } from '../wire/generated.ts'

/** Number of a binding → generation in which a value of it last changed. */
export type ChangedAt = ReadonlyMap<number, number>

export interface Told {
  readonly pid: number
  readonly binding: string
  readonly signal: NodeJS.Signals
  /** It does not handle the signal, which would have ended it. */
  readonly unheard: boolean
}

/** Whether a value it was given, or its parent was, has changed since. */
export function isStale({ bindings, generation }: ProcessRecord, changedAt: ChangedAt): boolean {
  return [...changedAt].some(([number, at]) => bindings & (1n << BigInt(number)) && generation < BigInt(at))
}

/** Tells each process once for each generation; those that ended, and forked copies, are told nothing. */
export function openSignals(guard: Guard, scope: number): (secrets: readonly Binding[], changed: ChangedAt) => Told[] {
  let told = new Map<string, number>()
  return (secrets, changedAt) => {
    const stale = processRecords(guard).filter((record) => isTold(record, scope) && isStale(record, changedAt))
    const done = new Map<string, number>()
    const now = stale.flatMap((record) => {
      const generation = latestOf(record, changedAt)
      const key = `${record.pid}:${record.start}`
      if (told.get(key) === generation) done.set(key, generation)
      if (done.has(key)) return []
      const said = tell(record, secrets, changedAt)
      if (said && !said.unheard) done.set(key, generation)
      return said ?? []
    })
    told = done
    return now
  }
}

function isTold({ scope, flags }: ProcessRecord, wanted: number): boolean {
  const of = PROC_FLAG.SEALED | PROC_FLAG.GIVEN | PROC_FLAG.ENDED | PROC_FLAG.CANARY
  return scope === wanted && (flags & of) === (PROC_FLAG.SEALED | PROC_FLAG.GIVEN)
}

const latestOf = (record: ProcessRecord, changedAt: ChangedAt): number =>
  Math.max(...[...changedAt].filter(([number]) => record.bindings & (1n << BigInt(number))).map(([, at]) => at))

/** The first of its bindings that has something to say. */
function tell(record: ProcessRecord, secrets: readonly Binding[], changedAt: ChangedAt): Told | undefined {
  const binding = secrets.find(({ onRotate }, number) => {
    const at = changedAt.get(number)
    return onRotate && at !== undefined && record.bindings & (1n << BigInt(number)) && record.generation < BigInt(at)
  })
  if (!binding?.onRotate) return undefined
  const { pid, start, scope } = record
  const own = hostPidOf(pid, scope)
  if (!own) return undefined
  const ends = binding.onRotate === 'restart'
  const signal = binding.onRotate === 'restart' ? 'SIGTERM' : binding.onRotate.signal
  const heard = signalOnce(own, start, signal, () => ends || handlesSignal(own, signal))
  return heard === undefined ? undefined : { pid, binding: binding.name, signal, unheard: !heard }
}
