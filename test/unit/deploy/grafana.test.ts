/** Dashboard, alert rules and docs/metrics.md speak of metrics that the code exports, with their labels, and of all of them. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { load } from 'js-yaml'
import { LABELS } from '../../../agent/events/sinks/event-metrics.ts'
import { RESULTS } from '../../../agent/events/sinks/kube-event.ts'
import { REASONS } from '../../../webhook/mutate/answer/reasons.ts'
import { agentRegistry, type Exported, exportedByAgent, exportedByWebhook, webhookRegistry } from './exported.ts'
import { groupingIn, selectorsIn } from './promql.ts'

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')
const exported = [...exportedByAgent(), ...exportedByWebhook()]

/** Labels that Prometheus adds when it scrapes a Pod, by the usual relabelling. */
const TARGET_LABELS = ['namespace', 'pod', 'instance', 'job']

/** Samples of a metric, by the name they have in an expression. */
const samples = new Map(
  exported.flatMap((metric) => {
    const { name, type, labels } = metric
    if (type !== 'histogram') return [[name, labels] as const]
    return [`${name}_sum`, `${name}_count`, `${name}_bucket`].map(
      (sample) => [sample, sample.endsWith('_bucket') ? [...labels, 'le'] : labels] as const,
    )
  }),
)

/** Every value a label may have, where that is a closed set. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  way: LABELS.way,
  action: LABELS.action,
  reason: [...LABELS.reason, ...Object.keys(REASONS)],
  outcome: ['inject', 'skip', 'deny', 'fail'],
  result: [...RESULTS, 'success', 'failure'],
}

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly for?: string
  readonly labels: { readonly severity: string }
  readonly annotations: { readonly summary: string; readonly description: string }
}
const rules = (load(read('deploy/grafana/rules.yaml')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
)

interface Panel {
  readonly id: number
  readonly title: string
  readonly type: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly description?: string
  readonly targets?: readonly { readonly expr: string; readonly legendFormat?: string }[]
}
const dashboard = JSON.parse(read('deploy/grafana/dashboard.json')) as { panels: Panel[]; uid: string }
const queries = dashboard.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })))
const expressions = [...rules.map(({ alert, expr }) => ({ title: alert, expr })), ...queries]

describe('a single number of the dashboard', () => {
  // `increase` extrapolates to the ends of its window (Prometheus, Functions): 65 of something become 65.4.
  const counts = dashboard.panels.filter(
    ({ type, targets = [] }) => type === 'stat' && targets.some(({ expr }) => expr.includes('increase(')),
  )
  it('that counts is there', () => assert.ok(counts.length >= 2))
  for (const { title, targets = [] } of counts) {
    it(`is whole: ${title}`, () => {
      for (const { expr } of targets) assert.match(expr, /^round\(.*\)$/)
    })
  }
})

describe('an expression of the dashboard and of the alert rules', () => {
  it('is there, in both', () => {
    assert.ok(rules.length >= 10)
    assert.ok(queries.length >= 10)
  })

  for (const { title, expr } of expressions) {
    it(`names exported metrics and their labels: ${title}`, () => {
      const selectors = selectorsIn(expr)
      assert.ok(selectors.length > 0, expr)
      const labels = selectors.flatMap(({ metric }) => samples.get(metric) ?? assert.fail(`${metric} is not exported`))
      for (const label of groupingIn(expr)) assert.ok([...labels, ...TARGET_LABELS].includes(label), label)
      for (const { metric, matchers } of selectors) {
        for (const [label, value] of matchers) {
          assert.ok([...samples.get(metric)!, ...TARGET_LABELS].includes(label), `${metric} has no label ${label}`)
          if (!value.startsWith('$')) assert.ok(VALUES[label]?.includes(value), `${label} is never ${value}`)
        }
      }
    })
  }
})

describe('the alert rules', () => {
  it('have different names, a severity and words for the person on call', () => {
    assert.deepEqual(rules.length, new Set(rules.map(({ alert }) => alert)).size)
    for (const { labels, annotations } of rules) {
      assert.ok(['critical', 'warning', 'info'].includes(labels.severity))
      assert.ok(annotations.summary && annotations.description)
    }
  })

  it('watch all that can go wrong unseen', () => {
    const watched = new Set(rules.flatMap(({ expr }) => selectorsIn(expr).map(({ metric }) => metric)))
    const expected = [
      ...['ready', 'canary_refused', 'events_lost_total', 'delivery_failures_total', 'access_blocked_total'],
      ...['certificate_expiry_timestamp_seconds', 'admission_duration_seconds_bucket', 'admission_requests_total'],
      'programs_skipped_total',
    ]
    for (const name of expected) assert.ok(watched.has(`kernelseal_${name}`), name)
  })
})

describe('the dashboard', () => {
  it('has panels with numbers of their own that do not overlap', () => {
    const { panels } = dashboard
    assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length)
    for (const a of panels) {
      assert.ok(a.gridPos.x + a.gridPos.w <= 24, a.title)
      for (const b of panels) if (a.id < b.id) assert.ok(!overlap(a.gridPos, b.gridPos), `${a.title}, ${b.title}`)
    }
  })
})

function overlap(a: Panel['gridPos'], b: Panel['gridPos']): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h
}

const rowOf = ({ name, type, labels, help }: Exported): string =>
  `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help} |`

describe('docs/metrics.md', () => {
  const sections = read('docs/metrics.md').split(/^## /m)
  const rowsOf = (title: string): string[] => {
    const section = sections.find((text) => text.startsWith(`${title}\n`)) ?? assert.fail(`no section ${title}`)
    return section.split('\n').filter((line) => line.startsWith('| `'))
  }

  it('lists every metric of the agent as the code has it', () => {
    assert.deepEqual(rowsOf('The agent'), exportedByAgent().map(rowOf))
  })

  it('lists every metric of the webhook as the code has it, but for those of the runtime', () => {
    const own = exportedByWebhook().filter(({ name }) => name.startsWith('kernelseal_'))
    assert.deepEqual(rowsOf('The webhook'), own.map(rowOf))
  })
})

describe('the metrics themselves', () => {
  it('have the product’s prefix, or names that Prometheus’ libraries share', () => {
    for (const { name } of exported) assert.match(name, /^(kernelseal|process|nodejs)_[a-z0-9_]+$/)
  })

  it('are exported with the counters’ suffix exactly where they are counters', () => {
    for (const { name, type } of exportedByAgent()) assert.equal(name.endsWith('_total'), type === 'counter', name)
  })

  it('say which version runs, the webhook’s too', async () => {
    assert.match(await webhookRegistry().metrics(), /^kernelseal_build_info\{version="0\.0\.0",node="v[^"]+"\} 1$/m)
  })

  it('report the kernel’s figures of the agent’s process', async () => {
    const text = await agentRegistry().metrics()
    const sample = (name: string): number => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1])
    assert.ok(sample('process_resident_memory_bytes') > 1e7)
    assert.ok(sample('process_open_fds') > 3)
    assert.ok(sample('process_cpu_seconds_total') > 0)
    assert.ok(Math.abs(sample('process_start_time_seconds') - Date.now() / 1000) < 600)
    assert.ok(sample('kernelseal_event_loop_busy_ratio') <= 1)
    assert.match(text, /^kernelseal_build_info\{version="[^"]+",node="v[^"]+"\} 1$/m)
    assert.match(text, /^kernelseal_programs_skipped_total\{program="guard_open_lsm"\} 0$/m)
  })
})

describe('the condition of an alert rule', () => {
  it('is exported from zero, so that the first time is an increase', async () => {
    const agent = await agentRegistry().metrics()
    const webhook = await webhookRegistry().metrics()
    assert.match(agent, /^kernelseal_delivery_failures_total\{reason="no-value",action="killed"\} 0$/m)
    assert.match(webhook, /^kernelseal_admission_requests_total\{outcome="fail",reason="internal-error"\} 0$/m)
    assert.match(webhook, /^kernelseal_certificate_reloads_total\{result="failure"\} 0$/m)
  })

  it('is quiet while nothing was looked at', async () => {
    assert.match(await webhookRegistry().metrics(), /^kernelseal_certificate_trusted 1$/m)
    assert.match(await agentRegistry().metrics(), /^kernelseal_canary_checked_timestamp_seconds 0$/m)
    const { expr } = rules.find(({ alert }) => alert === 'KernelSealCanaryNotTried')!
    assert.match(expr, /kernelseal_canary_checked_timestamp_seconds > 0/)
  })
})
