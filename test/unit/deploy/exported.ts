/** Every metric the code exports: the registries of agent and webhook, made as they make them. */
import { openMetrics } from '../../../agent/events/sinks/metrics.ts'
import { openRotationMetrics } from '../../../agent/events/sinks/rotation-metrics.ts'
import { addMetrics } from '../../../agent/run/outputs.ts'
import { COUNTER_NAMES, type Counter } from '../../../agent/wire/constants.ts'
import { addProcessMetrics, createMetrics } from '../../../webhook/server/metrics.ts'

export interface Exported {
  readonly name: string
  readonly type: string
  readonly help: string
  readonly labels: readonly string[]
}

type Registry = ReturnType<typeof openMetrics>['registry']

export function agentRegistry(): Registry {
  const counts = Object.fromEntries(COUNTER_NAMES.map((name) => [name, 0])) as Record<Counter, number>
  const programs = { tier: 'lsm', delivery: 'kernel', skipped: () => new Map([['guard_open_lsm', 0]]) }
  const { registry } = openMetrics(
    () => counts,
    () => 0,
    programs,
    () => 'enforce',
  )
  addMetrics(registry, () => undefined, {
    journal: { heldBack: () => 0 },
    output: { lost: () => 0 },
    feed: undefined,
    kube: undefined,
  })
  openRotationMetrics(
    registry,
    () => 1,
    () => ({ current: 0, stale: 0 }),
  )
  return registry
}

export function webhookRegistry(): Registry {
  const metrics = createMetrics()
  addProcessMetrics(metrics, '0.0.0')
  return metrics.registry
}

export const exportedByAgent = (): Exported[] => exportedOf(agentRegistry())
export const exportedByWebhook = (): Exported[] => exportedOf(webhookRegistry())

/** Fields of a metric that prom-client keeps, and types only in part. */
interface Kept {
  readonly name: string
  readonly help: string
  readonly labelNames: readonly string[]
  /** `Counter`, `Gauge` or `Histogram`. */
  readonly constructor: { readonly name: string }
}

const exportedOf = (registry: Registry): Exported[] =>
  (registry.getMetricsAsArray() as unknown as Kept[]).map((kept) => {
    return { name: kept.name, help: kept.help, labels: kept.labelNames, type: kept.constructor.name.toLowerCase() }
  })
