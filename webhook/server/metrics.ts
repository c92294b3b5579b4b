/** The webhook's metrics: admissions by outcome and reason, how long they take, and how long its certificate lasts. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Outcome } from '../mutate/answer/outcome.ts'
import type { Reason } from '../mutate/answer/reasons.ts'
import { type BudgetMetrics, budgetMetrics, type FloodMetrics, floodMetrics } from './budget-metrics.ts'

export interface Metrics extends BudgetMetrics, FloodMetrics {
  readonly registry: Registry
  /** @param seconds from the last byte of the request to the answer being ready */
  admission(outcome: Pick<Outcome, 'kind' | 'reason'>, seconds: number): void
  certificate(notAfter: Date): void
  certificateReload(succeeded: boolean): void
  /** Whether the published caBundle fits the served certificate. */
  certificateTrusted(trusted: boolean): void
  /** @param seconds the API server's clock is ahead of this one */
  clockOffset(seconds: number): void
}

/** @param lostLines log lines lost so far */
export function createMetrics(lostLines: () => number = () => 0): Metrics {
  const registry = new Registry()
  const registers = [registry]
  const own = { ...admissionMetrics(registers), ...certificateMetrics(registers) }
  new Counter({
    name: 'kernelseal_log_lines_lost_total',
    help: 'Log lines that could not be written: a full disk, or a reader that has gone',
    registers,
    collect() {
      this.reset()
      this.inc(lostLines())
    },
  })
  return { registry, ...own, ...budgetMetrics(registers), ...floodMetrics(registers) }
}

function admissionMetrics(registers: Registry[]): Pick<Metrics, 'admission'> {
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
  // From zero, or the first of its kind would be no increase to an alert rule.
  requests.inc({ outcome: 'fail', reason: 'internal-error' satisfies Reason }, 0)
  return {
    admission: ({ kind, reason }, seconds) => {
      requests.inc({ outcome: kind, reason })
      duration.observe(seconds)
    },
  }
}

type CertificateMetrics = Pick<Metrics, 'certificate' | 'certificateReload' | 'certificateTrusted' | 'clockOffset'>

function certificateMetrics(registers: Registry[]): CertificateMetrics {
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers })
  const expiry = gauge(
    'kernelseal_certificate_expiry_timestamp_seconds',
    'When the serving certificate expires, in Unix time; alert on this minus time()',
  )
  const reloads = new Counter({
    name: 'kernelseal_certificate_reloads_total',
    help: 'Attempts to take over a changed certificate, by result; after a failure the old one stays in use',
    labelNames: ['result'],
    registers,
  })
  const trusted = gauge(
    'kernelseal_certificate_trusted',
    '1 while the published caBundle fits the serving certificate, 0 while API servers cannot call; by self-probe',
  )
  const offset = gauge(
    'kernelseal_clock_offset_seconds',
    'How far the clock of the API server is ahead of this one; beyond 60 no certificate is renewed here',
  )
  // From zero, as above; trusted until the self-probe says otherwise.
  for (const result of ['success', 'failure']) reloads.inc({ result }, 0)
  trusted.set(1)
  return {
    certificate: (notAfter) => expiry.set(notAfter.getTime() / 1000),
    certificateTrusted: (fits) => trusted.set(fits ? 1 : 0),
    clockOffset: (seconds) => offset.set(seconds),
    certificateReload: (succeeded) => reloads.inc({ result: succeeded ? 'success' : 'failure' }),
  }
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
