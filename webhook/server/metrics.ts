/** The webhook's metrics: admissions by outcome and reason, how long they take, and how long its certificate lasts. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { CLOSING_NAMES, type Closing } from '../../agent/status-port/status-port.ts'
import type { Limits } from '../budget/limits.ts'
import { REFUSAL_NAMES, type Refusal } from '../budget/refusals.ts'
import type { Outcome } from '../mutate/answer/outcome.ts'
import type { Reason } from '../mutate/answer/reasons.ts'

export interface Metrics {
  readonly registry: Registry
  /** @param seconds from the last byte of the request to the answer being ready */
  admission(outcome: Pick<Outcome, 'kind' | 'reason'>, seconds: number): void
  certificate(notAfter: Date): void
  certificateReload(succeeded: boolean): void
  /** Whether the published caBundle fits the served certificate. */
  certificateTrusted(trusted: boolean): void
  /** @param seconds the API server's clock is ahead of this one */
  clockOffset(seconds: number): void
  /** @param used read at each scrape */
  budget(limits: Limits, used: () => Readonly<Record<Budget, number>>): void
  /** A connection or request was not taken on, or was given up. */
  refused(why: Refusal): void
  /** The metrics port closed a connection unanswered. */
  portClosed(why: Closing): void
  /** A line about a request was not written, for many of its kind from one address. */
  lineHeldBack(): void
}

/** The bounded resources. */
const BUDGETS = ['connections', 'untried', 'handshakes', 'waiting', 'bytes'] as const
type Budget = (typeof BUDGETS)[number]

/** @param lostLines log lines lost so far */
export function createMetrics(lostLines: () => number = () => 0): Metrics {
  const registry = new Registry()
  const registers = [registry]
  const requests = new Counter({
    name: 'kernelseal_admission_requests_total',
    help: 'Admission requests answered, by outcome and reason',
    labelNames: ['outcome', 'reason'],
    registers,
  })
  const duration = new Histogram({
    name: 'kernelseal_admission_duration_seconds',
    help: 'Time from the last byte of a request to its answer',
    // A Pod of 4.5 KB takes 0.2 ms and one of 1,500 variables under 5 ms; the API server gives up at 5 s.
    buckets: [0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5],
    registers,
  })
  const expiry = new Gauge({
    name: 'kernelseal_certificate_expiry_timestamp_seconds',
    help: 'When the serving certificate expires, in Unix time; alert on this minus time()',
    registers,
  })
  const reloads = new Counter({
    name: 'kernelseal_certificate_reloads_total',
    help: 'Attempts to take over a changed certificate, by result; after a failure the old one stays in use',
    labelNames: ['result'],
    registers,
  })
  const trusted = new Gauge({
    name: 'kernelseal_certificate_trusted',
    help: '1 while the published caBundle fits the serving certificate, 0 while API servers cannot call; by self-probe',
    registers,
  })
  const offset = new Gauge({
    name: 'kernelseal_clock_offset_seconds',
    help: 'How far the clock of the API server is ahead of this one; beyond 60 no certificate is renewed here',
    registers,
  })
  new Counter({
    name: 'kernelseal_log_lines_lost_total',
    help: 'Log lines that could not be written: a full disk, or a reader that has gone',
    registers,
    collect() {
      this.reset()
      this.inc(lostLines())
    },
  })
  // From zero, or the first of its kind would be no increase to an alert rule; trusted until the self-probe says otherwise.
  requests.inc({ outcome: 'fail', reason: 'internal-error' satisfies Reason }, 0)
  for (const result of ['success', 'failure']) reloads.inc({ result }, 0)
  trusted.set(1)
  const { budget, refused } = budgetMetrics(registers)
  const { portClosed, lineHeldBack } = floodMetrics(registers)
  return {
    registry,
    budget,
    refused,
    portClosed,
    lineHeldBack,
    admission: ({ kind, reason }, seconds) => {
      requests.inc({ outcome: kind, reason })
      duration.observe(seconds)
    },
    certificate: (notAfter) => expiry.set(notAfter.getTime() / 1000),
    certificateTrusted: (fits) => trusted.set(fits ? 1 : 0),
    clockOffset: (seconds) => offset.set(seconds),
    certificateReload: (succeeded) => reloads.inc({ result: succeeded ? 'success' : 'failure' }),
  }
}

function budgetMetrics(registers: Registry[]): Pick<Metrics, 'budget' | 'refused'> {
  const refusals = new Counter({
    name: 'kernelseal_refused_total',
    help: 'Connections and requests not taken on or given up, by reason',
    labelNames: ['reason'],
    registers,
  })
  for (const reason of REFUSAL_NAMES) refusals.inc({ reason }, 0)
  const labelNames = ['budget']
  const limit = new Gauge({
    name: 'kernelseal_budget_limit',
    help: 'The most there may be at a time',
    labelNames,
    registers,
  })
  let read: (() => Readonly<Record<Budget, number>>) | undefined
  new Gauge({
    name: 'kernelseal_budget_used',
    help: 'Current use of each bounded resource: connections, untried ones among them, handshakes, waiting connections, bytes',
    labelNames,
    registers,
    collect() {
      const used = read?.()
      for (const budget of BUDGETS) if (used !== undefined) this.set({ budget }, used[budget])
    },
  })
  return {
    refused: (reason) => refusals.inc({ reason }),
    budget: (limits, used) => {
      for (const budget of BUDGETS) limit.set({ budget }, limits[budget])
      read = used
    },
  }
}

/** What a flood costs others: scrapes, and lines of the log. */
function floodMetrics(registers: Registry[]): Pick<Metrics, 'portClosed' | 'lineHeldBack'> {
  const closings = new Counter({
    name: 'kernelseal_status_port_closed_total',
    help: 'Connections to the port of metrics that were closed unanswered, by reason',
    labelNames: ['reason'],
    registers,
  })
  for (const reason of CLOSING_NAMES) closings.inc({ reason }, 0)
  const lines = new Counter({
    name: 'kernelseal_log_lines_held_back_total',
    help: 'Log lines about requests that were not written, for many of their kind from one address',
    registers,
  })
  return { portClosed: (reason) => closings.inc({ reason }), lineHeldBack: () => lines.inc() }
}

/** Memory, event loop and garbage collection of this process, beside the above. */
export function addProcessMetrics({ registry }: Metrics, version: string): void {
  collectDefaultMetrics({ register: registry })
  new Gauge({
    name: 'kernelseal_build_info',
    help: 'Versions of the webhook and its runtime; always 1',
    labelNames: ['version', 'node'],
    registers: [registry],
  }).set({ version, node: process.version }, 1)
}
