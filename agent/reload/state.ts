/** The registered state; replaced as a whole, so that a reader never sees half a change. */
import type { AgentConfig } from '../config/load.ts'
import type { Freshness } from '../events/sinks/rotation-metrics.ts'
import { type ProcessRecord, sealedIn } from '../node/process-records.ts'
import type { Resolved } from '../sources/resolve.ts'
import type { Given } from './compare.ts'
import { type ChangedAt, isStale } from './signal.ts'

export interface Registered {
  /** Its bindings at the places of their numbers, retired ones included. */
  readonly agent: AgentConfig
  readonly values: readonly Resolved[]
  readonly generation: number
  readonly changedAt: ChangedAt
}

export const givenBy = ({ agent, values }: Pick<Registered, 'agent' | 'values'>): Given => ({
  secrets: agent.config.secrets,
  values,
})

/**
 * When values changed, with those that changed now. No process has outdated values of a new binding, even if an
 * earlier binding had its number.
 */
export function changedNow(before: Registered, agent: AgentConfig, changed: Iterable<number>, generation: number) {
  const at = new Map(before.changedAt)
  for (const number of changed) {
    const isOld = before.agent.config.secrets[number]?.name === agent.config.secrets[number]?.name
    if (isOld) at.set(number, generation)
    else at.delete(number)
  }
  return at
}

/** Sealed processes alive in a scope, by whether a value they were given has changed since. */
export function freshness(records: readonly ProcessRecord[], scope: number, changedAt: ChangedAt): Freshness {
  const sealed = records.filter((record) => sealedIn([record], scope))
  const stale = sealed.filter((record) => isStale(record, changedAt)).length
  return { current: sealed.length - stale, stale }
}
