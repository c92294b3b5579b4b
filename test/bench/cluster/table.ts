/** Samples → docs/benchmarks/cluster.md. Pure. */
import { KINDS, type Kind, type Mark, type Sample } from './samples.ts'

/** From the mark before to this one. */
const PARTS: readonly {
  readonly what: string
  readonly from?: Mark
  readonly to: Mark
  readonly kinds: readonly Kind[]
}[] = [
  { what: 'request answered, admission included', to: 'admitted', kinds: KINDS },
  {
    what: 'scheduled, sandbox made, agent’s container started',
    from: 'admitted',
    to: 'agentStarted',
    kinds: ['sealed'],
  },
  {
    what: 'agent ready: programs loaded or adopted, canary refused',
    from: 'agentStarted',
    to: 'agentReady',
    kinds: ['sealed'],
  },
  { what: 'application started', from: 'agentReady', to: 'running', kinds: ['sealed'] },
  { what: 'scheduled, sandbox made, application started', from: 'admitted', to: 'running', kinds: ['bare'] },
  { what: '**all of it**', to: 'running', kinds: KINDS },
]

export function renderPage(samples: readonly Sample[], on: Date, processors: number): string {
  return `# Time added by KernelSeal to the start of a Pod

Written by \`npm run bench:cluster -- --write\` on ${on.toISOString().slice(0, 10)}; raw data in cluster.json. ${samples.length / 2} Pods of each kind, one after the other and in turn, on one node
of Kubernetes 1.36.3 with kernel 6.1, containerd and runc: a virtual machine under emulation on ${processors} processors, where a program takes about fifteen times
as long as it does natively. The ratio of columns and parts counts. Median, and lowest to highest.

${renderStarts(samples)}
The application waits for the agent's start-up probe, which is asked once a second. The first agent of a node loads the programs, the
others adopt them.
`
}

export function renderStarts(samples: readonly Sample[]): string {
  const rows = PARTS.map(({ what, from, to, kinds }) => [
    what,
    ...KINDS.map((kind) => {
      const of = samples.filter((sample) => sample.kind === kind)
      return kinds.includes(kind) ? spread(of.map(({ ms }) => (ms[to] ?? 0) - (from ? (ms[from] ?? 0) : 0))) : ''
    }),
  ])
  const delivery = spread(samples.flatMap(({ deliveryNs }) => (deliveryNs === undefined ? [] : [deliveryNs / 1e6])))
  const head = ['from `kubectl apply` on, seconds', 'without', 'with KernelSeal']
  const table = [head, ['---', '--:', '--:'], ...rows, ['of that, delivery in the kernel', '', delivery]]
  return table.map((cells) => `| ${cells.join(' | ')} |\n`).join('')
}

/** Median, and lowest to highest, of milliseconds. */
function spread(ms: readonly number[]): string {
  const sorted = ms.toSorted((a, b) => a - b)
  const [low, middle, high] = [sorted[0], sorted[sorted.length >> 1], sorted.at(-1)].map((value) =>
    seconds(value ?? Number.NaN),
  )
  return `${middle} (${low}–${high})`
}

/** Three digits that matter, and no exponent. */
const seconds = (ms: number): string => String(Number((ms / 1000).toFixed(ms < 100 ? 5 : 2)))
