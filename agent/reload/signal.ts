/** Tells the processes that hold outdated values, as their bindings' `onRotate` says. */

import { handlesSignal, signalOnce } from '../linux/process.ts'
import type { Guard } from '../node/guard.ts'
import { type ProcessRecord, processRecords } from '../node/process-records.ts'
import type { Binding } from '../policy/types.ts'
import { isHolder, numberOf, toldOf, toldOnce } from './holders.ts'

/** Number of a binding → generation in which a value of it last changed. */
export type ChangedAt = ReadonlyMap<number, number>

export interface Told {
  readonly pid: number
  readonly binding: string
  readonly signal: NodeJS.Signals
  /**
   * `unhandled`: it does not handle the signal, which would have ended it. `unseen`: a copy of the process `pid`, which has ended, holds
   * the value, and which process that is cannot be told for certain.
   */
  readonly outcome: 'sent' | 'unhandled' | 'unseen'
}

/** Whether a value it was given, or its parent was, has changed since. */
export function isStale({ bindings, generation }: ProcessRecord, changedAt: ChangedAt): boolean {
  return [...changedAt].some(([number, at]) => bindings & (1n << BigInt(number)) && generation < BigInt(at))
}

/** Tells each process once for each generation (holders.ts says which ones); those that ended are told nothing. */
export function openSignals(guard: Guard, scope: number): (secrets: readonly Binding[], changed: ChangedAt) => Told[] {
  let told = new Map<string, number>()
  return (secrets, changedAt) => {
    const holders = processRecords(guard).filter((record) => isHolder(record, scope))
    const stale = toldOf(holders).filter((record) => isStale(record, changedAt))
    const done = new Map<string, number>()
    const now = stale.flatMap((record) => {
      const generation = latestOf(record, changedAt)
      const key = toldOnce(record)
      if (told.get(key) === generation) done.set(key, generation)
      if (done.has(key)) return []
      const said = tell(record, secrets, changedAt)
      if (said?.outcome === 'sent') done.set(key, generation)
      return said ?? []
    })
    told = done
    return now
  }
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
  const ends = binding.onRotate === 'restart'
  const signal = binding.onRotate === 'restart' ? 'SIGTERM' : binding.onRotate.signal
  const own = numberOf(record, binding)
  const said = { pid: own ?? record.pid, binding: binding.name, signal }
  if (own === undefined) return { ...said, outcome: 'unseen' }
  const heard = signalOnce(own, record.start, signal, () => ends || handlesSignal(own, signal))
  return heard === undefined ? undefined : { ...said, outcome: heard ? 'sent' : 'unhandled' }
}
