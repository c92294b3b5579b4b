/** Metrics of a session: sums over all scopes it serves. */
import { type Metrics, openMetrics } from '../events/sinks/metrics.ts'
import { type Freshness, openRotationMetrics, type RotationMetrics } from '../events/sinks/rotation-metrics.ts'
import { sumOf } from '../node/counters.ts'
import type { Guard } from '../node/guard.ts'
import { processRecords, sealedIn } from '../node/process-records.ts'
import type { ServedScope } from './served-scope.ts'

/** Scopes being served, and undefined for one that is being registered. */
export type Scopes = Map<number, ServedScope | undefined>

interface AllMetrics {
  readonly metrics: Metrics
  readonly rotation: RotationMetrics
}

/** Sums over all scopes; the mode is that of the first. */
export function openAllMetrics(guard: Guard, scopes: Scopes): AllMetrics {
  const all = (): ServedScope[] => [...scopes.values()].filter((scope) => scope !== undefined)
  const count = () => sumOf(guard.map('counters'), scopes.keys())
  const sealed = () => {
    const records = processRecords(guard)
    return [...scopes.keys()].reduce((sum, scope) => sum + sealedIn(records, scope), 0)
  }
  const generation = () => all().reduce((sum, scope) => sum + scope.generation(), 0)
  const freshness = () => {
    const each = all().map((scope) => scope.freshness())
    const sum = (of: keyof Freshness) => each.reduce((total, found) => total + found[of], 0)
    return { current: sum('current'), stale: sum('stale') }
  }
  const metrics = openMetrics(count, sealed, guard, () => all()[0]?.policy().mode ?? '')
  return { metrics, rotation: openRotationMetrics(metrics.registry, generation, freshness) }
}
