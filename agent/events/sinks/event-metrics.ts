/** Metrics of the kernel's events. */
import { ACTION_NAMES, REASONS, WAY_NAMES } from '../../wire/constants.ts'
import type { KernelEvent } from '../../wire/event.ts'
import { isInPassing } from '../passing.ts'
import { Counter, Histogram, type Registry } from './prometheus.ts'

/** Actions on a process whose delivery failed (`on-failure`). */
const FATES = ['killed', 'started'] as const

/** Labels are closed sets: reasons, ways and kinds of bpf/lib/wire/. */
export function observeEvents(registry: Registry): (event: KernelEvent) => void {
  const registers = [registry]
  const access = new Counter({
    name: 'kernelseal_access_events_total',
    help: 'Access events by way',
    labelNames: ['way', 'action'],
    registers,
  })
  const passing = new Counter({
    name: 'kernelseal_access_in_passing_total',
    help: 'Of the attempts refused, those by which tools outside of the scope looked at every process, as `ps` and monitoring do',
    registers,
  })
  const failures = new Counter({
    name: 'kernelseal_delivery_failures_total',
    help: 'Failed deliveries by reason',
    labelNames: ['reason', 'action'],
    registers,
  })
  // From zero, or the first failure of its kind would be no increase to an alert rule.
  for (const [reason] of REASONS.slice(1)) for (const action of FATES) failures.inc({ reason, action }, 0)
  const unknown = new Counter({
    name: 'kernelseal_events_unknown_total',
    help: 'Events of a kind this agent does not know',
    registers,
  })
  const latency = new Histogram({
    name: 'kernelseal_delivery_seconds',
    help: 'From the exec point to the last value, in the kernel',
    buckets: [5e-6, 1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 1e-2],
    registers,
  })
  return (event) => {
    if (event.kind === 'access') {
      access.inc({ way: event.way, action: event.action })
      if (event.action === 'blocked' && isInPassing(event)) passing.inc()
    } else if (event.kind === 'fail') failures.inc({ reason: event.reason, action: event.action })
    else if (event.kind === 'inject') latency.observe(Number(event.duration) / 1e9)
    else if (event.kind === 'unknown') unknown.inc()
  }
}

/** Every label value there can be; the dashboards' test reads it. */
export const LABELS = { way: WAY_NAMES, action: ACTION_NAMES, reason: REASONS.map(([label]) => label) } as const
