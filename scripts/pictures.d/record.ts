/** One run: webhook, admissions, Prometheus and the demo together; then the answers to the dashboard's queries. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startWebhook } from '../demo.d/webhook.ts'
import { sendAdmissions } from './admissions.ts'
import type { Dashboard } from './dashboard.ts'
import type { DemoRun } from './demo.ts'
import { type Prometheus, startPrometheus, versionOf } from './prometheus.ts'
import { startRelay } from './relay.ts'
import { evaluate, type Run } from './run.ts'

export interface Options {
  readonly prometheus: string
  readonly kernel: string
  /** Seconds of admissions before the demo: the dashboard's rates are of five minutes. */
  readonly lead: number
  readonly demo: (kernel: string, metrics: string) => Promise<DemoRun>
}

/** As many values as a curve has pixels to tell apart, and as little text as a repository should keep. */
const VALUES = 60
/** Of the quiet time before the demo. */
const BEFORE_SECONDS = 30

/** @returns the run and the demo's output */
export async function record(dashboard: Dashboard, options: Options): Promise<{ run: Run; output: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'kernelseal-pictures-'))
  // Prometheus may write its last file meanwhile.
  const ends: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 })]
  endOnSignal(ends)
  try {
    const metrics = join(folder, 'metrics')
    const { prometheus, stopAdmissions } = await surroundings(folder, metrics, options, ends)
    await sleep(options.lead * 1000)
    const from = now() - Math.min(BEFORE_SECONDS, options.lead)
    const { output, until } = await options.demo(options.kernel, metrics)
    await stopAdmissions()
    const range = rangeOf(from, until)
    const panels = await evaluate(dashboard, (expression) => prometheus.range(expression, range))
    return { output, run: { ...factsOf(options), from, step: range.step, panels } }
  } finally {
    for (const end of ends.toReversed()) await end()
  }
}

/** The signals are sent at once, and so an exit need not wait. */
function endOnSignal(ends: readonly (() => unknown)[]): void {
  for (const [signal, number] of [['SIGINT', 2] as const, ['SIGTERM', 15] as const])
    process.once(signal, () => {
      for (const end of ends.toReversed()) end()
      process.exit(128 + number)
    })
}

/** All that runs beside the demo. @param ends gets the functions that end it again */
async function surroundings(
  folder: string,
  metrics: string,
  { prometheus: program }: Options,
  ends: (() => unknown)[],
) {
  const webhook = await startWebhook(folder)
  ends.push(webhook.stop)
  const relay = await startRelay(metrics)
  ends.push(relay.close)
  const prometheus: Prometheus = await startPrometheus(program, folder, [
    {
      job: 'kernelseal-webhook',
      port: webhook.metricsPort,
      labels: labelsOf('kernelseal-system', 'kernelseal-webhook'),
    },
    { job: 'kernelseal-agent', port: relay.port, labels: labelsOf('demo', 'shop') },
  ])
  ends.push(prometheus.stop)
  const stopAdmissions = sendAdmissions(webhook)
  ends.push(() => stopAdmissions().catch(() => {}))
  return { prometheus, stopAdmissions }
}

const labelsOf = (namespace: string, pod: string) => ({ namespace, pod, instance: pod })

const now = (): number => Math.floor(Date.now() / 1000)

function rangeOf(from: number, until: number): { from: number; step: number; count: number } {
  const step = Math.max(1, Math.ceil((until - from) / VALUES))
  return { from, step, count: Math.floor((until - from) / step) + 1 }
}

function factsOf({ kernel, prometheus }: Options): Pick<Run, 'date' | 'commit' | 'kernel' | 'prometheus'> {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8', cwd: import.meta.dirname })
  return { date: new Date().toISOString(), commit: commit.trim(), kernel, prometheus: versionOf(prometheus) }
}
