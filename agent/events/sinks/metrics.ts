/** Prometheus metrics. Totals come from the kernel's counters, so that a lost event loses no count. */

import { CLOSING_NAMES, type Closing } from '../../status-port/status-port.ts'
import type { Counter as KernelCounter } from '../../wire/constants.ts'
import type { KernelEvent } from '../../wire/event.ts'
import { observeEvents } from './event-metrics.ts'
import { scrapedCounter, scrapedGauge } from './on-scrape.ts'
import { addProcessMetrics } from './process-metrics.ts'
import { Counter, Gauge, Registry } from './prometheus.ts'

/** One probe of the canary and its outcome. */
export interface Finding {
  readonly way: string
  /** `kernel`: refused with our privileges as well, so by the kernel itself. */
  readonly verdict: 'refused' | 'kernel' | 'leaked'
}

export interface CanaryMetrics {
  /** Findings of one check of the canary; none when it could not be tried. */
  readonly canary: (findings: readonly Finding[]) => void
}

export interface Metrics extends CanaryMetrics {
  readonly registry: Registry
  readonly observe: (event: KernelEvent) => void
  /** The port of metrics and health closed a connection unanswered. */
  readonly portClosed: (why: Closing) => void
}

type Read = () => Readonly<Record<KernelCounter, number>>

const TOTALS: readonly (readonly [name: string, counter: KernelCounter, help: string])[] = [
  ['kernelseal_exec_events_total', 'execs', 'Programs started in the scope'],
  ['kernelseal_secrets_injected_total', 'values', 'Values written into processes'],
  ['kernelseal_access_blocked_total', 'blocked', 'Attempts on secrets refused'],
  ['kernelseal_access_audit_total', 'audited', 'Attempts on secrets allowed and reported'],
  [
    'kernelseal_access_unreported_total',
    'unreported',
    'Attempts counted above and not reported one by one: more than one a second by one process in one way',
  ],
  [
    'kernelseal_lineages_lost_total',
    'lineages_lost',
    'Processes of an application that are given nothing any more, since others may have written into their memory',
  ],
  ['kernelseal_delivery_failed_total', 'failed', 'Processes whose secrets could not be delivered'],
  ['kernelseal_events_lost_total', 'events_lost', 'Events that did not fit into the ring buffer'],
  ['kernelseal_records_refused_total', 'records_refused', 'Forks and execs refused because the process table was full'],
]

interface Programs {
  readonly tier: string
  readonly delivery: string
  readonly skipped: () => ReadonlyMap<string, number>
}

/** @param read the kernel's counters, @param sealed its sealed processes alive; both asked at each scrape */
export function openMetrics(read: Read, sealed: () => number, programs: Programs, mode: () => string): Metrics {
  const registry = new Registry()
  for (const [name, counter, help] of TOTALS) scrapedCounter(registry, name, help, () => read()[counter])
  scrapedGauge(registry, 'kernelseal_sealed_processes', 'Sealed processes alive, forked children included', sealed)
  infoGauge(registry, programs, mode)
  skippedCounter(registry, programs)
  addProcessMetrics(registry)
  return {
    registry,
    observe: observeEvents(registry),
    canary: canaryGauges(registry),
    portClosed: closingsCounter(registry),
  }
}

function infoGauge(registry: Registry, { tier, delivery }: Programs, mode: () => string): void {
  new Gauge({
    name: 'kernelseal_info',
    help: 'Tiers and mode in force; always 1',
    labelNames: ['refusal_tier', 'delivery_tier', 'mode'],
    registers: [registry],
    collect() {
      this.reset()
      this.set({ refusal_tier: tier, delivery_tier: delivery, mode: mode() }, 1)
    },
  })
}

function closingsCounter(registry: Registry): Metrics['portClosed'] {
  const closings = new Counter({
    name: 'kernelseal_status_port_closed_total',
    help: 'Connections to the port of metrics and health that were closed unanswered, by reason',
    labelNames: ['reason'],
    registers: [registry],
  })
  for (const reason of CLOSING_NAMES) closings.inc({ reason }, 0)
  return (reason) => closings.inc({ reason })
}

/** No samples before Linux 5.12, which does not count it. Read at each scrape, and then only. */
function skippedCounter(registry: Registry, { skipped }: Programs): void {
  new Counter({
    name: 'kernelseal_programs_skipped_total',
    help: 'Runs of a kernel program skipped because it was running on that CPU already, on the whole node; since Linux 5.12',
    labelNames: ['program'],
    registers: [registry],
    collect() {
      this.reset()
      for (const [program, runs] of skipped()) this.inc({ program }, runs)
    },
  })
}

/** The metric says which way failed; the time says that checks go on. */
function canaryGauges(registry: Registry): CanaryMetrics['canary'] {
  const registers = [registry]
  const refused = new Gauge({
    name: 'kernelseal_canary_refused',
    help: '1 when the last check of the canary was refused in this way, 0 when it was not',
    labelNames: ['way'],
    registers,
  })
  const checked = new Gauge({
    name: 'kernelseal_canary_checked_timestamp_seconds',
    help: 'When the canary was last tried in every way',
    registers,
  })
  return (findings) => {
    if (!findings.length) return
    for (const { way, verdict } of findings) refused.set({ way }, verdict === 'leaked' ? 0 : 1)
    checked.setToCurrentTime()
  }
}
