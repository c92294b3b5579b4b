/** Samples → medians, ratios, and the document. Pure. */
import type { BenchResult, Phase, Sample } from './samples.ts'

export interface Line {
  readonly variant: string
  readonly phase: Phase
  /** Median over all samples, ns; of counted ones the lowest. */
  readonly ns: number
  /** The middle half of the samples. */
  readonly quartiles: readonly [number, number]
  /** Against the same variant in the phase compared with: the median of the rounds' ratios, and their extremes. */
  readonly ratio: { readonly to: Phase; readonly median: number; readonly range: readonly [number, number] } | undefined
}

/** With one scope, or empty programs, against nothing loaded; with more scopes against one. */
const COMPARED: Readonly<Record<Phase, Phase | undefined>> = {
  none: undefined,
  floor: 'none',
  '1': 'none',
  '50': '1',
  '500': '1',
}

/** The targets: a variant and phase, and by how much it may be slower. */
const TARGETS: readonly [variant: RegExp, phases: readonly Phase[], most: number, text: string][] = [
  [/^outside: exec/, ['1'], 0.01, 'outside scopes, exec: at most +1 %'],
  [/^outside: open/, ['1'], 0.02, 'outside scopes, open: at most +2 %'],
  [/^inside, unbound/, ['1'], 0.03, 'inside, unbound: at most +3 %'],
  [/^inside, 10 variables/, ['1'], 0.05, 'delivery of 10 variables by the kernel: at most +5 % of fork, exec and exit'],
  [/./, ['50', '500'], 0.05, 'many scopes: within 5 % of one'],
]

/**
 * The place of the figure among its samples. Where instructions are counted, a sample holds all of the operation and at times other
 * work of the machine, never less: the lowest is the operation.
 */
const middle = (counted: boolean): number => (counted ? 0 : 0.5)

export function linesOf(samples: readonly Sample[], counted = false): Line[] {
  const groups = Map.groupBy(samples, ({ phase, variant }) => `${phase}\0${variant}`)
  return [...groups.values()]
    .map((group) => lineOf(group, samples, middle(counted)))
    .toSorted((a, b) => order(a, samples) - order(b, samples))
}

/** Variants in the order they were measured in, phases within. */
function order({ variant, phase }: Line, samples: readonly Sample[]): number {
  return samples.findIndex((s) => s.variant === variant) * 10 + ['none', 'floor', '1', '50', '500'].indexOf(phase)
}

function lineOf(group: readonly Sample[], samples: readonly Sample[], at: number): Line {
  const { variant, phase } = group[0]!
  const all = group.map(({ ns }) => ns)
  const to = COMPARED[phase]
  const base = samples.filter((sample) => sample.variant === variant && sample.phase === to)
  const ratio = to === undefined || base.length === 0 ? undefined : { to, ...ratioOf(group, base, at) }
  return { variant, phase, ns: quantile(all, at), quartiles: [quantile(all, 0.25), quantile(all, 0.75)], ratio }
}

/** Round by round, since a machine's pace drifts. */
function ratioOf(group: readonly Sample[], base: readonly Sample[], at: number) {
  const inRound = (of: readonly Sample[], round: number) => of.filter((s) => s.round === round).map(({ ns }) => ns)
  const rounds = [...new Set(group.map(({ round }) => round))].filter((round) => inRound(base, round).length > 0)
  const ratios = rounds.map((round) => quantile(inRound(group, round), at) / quantile(inRound(base, round), at))
  return { median: quantile(ratios, 0.5), range: [Math.min(...ratios), Math.max(...ratios)] as const }
}

/** Between two values by distance. */
export function quantile(values: readonly number[], at: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const place = (sorted.length - 1) * at
  const [low = Number.NaN, high = low] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]]
  return low + (high - low) * (place - Math.floor(place))
}

export function renderResult(result: BenchResult): string {
  const { kernel, release, refusal, delivery, rounds, eventsLost } = result
  const lines = linesOf(result.samples, result.counted)
  return [
    `## Linux ${kernel} (${release}), refusal tier ${refusal}, delivery tier ${delivery}`,
    `${rounds} rounds; ${eventsLost} events lost.`,
    timeTable(lines, result.counted),
    '### Targets',
    targetTable(lines, delivery),
    `### ${result.counted ? 'Instructions' : 'Time'} in our programs, by BPF statistics, with one scope`,
    programTable(result),
  ].join('\n\n')
}

const PHASES: Readonly<Partial<Record<Phase, string>>> = { none: 'no agent', floor: 'no agent; empty programs' }

function timeTable(lines: readonly Line[], counted: boolean): string {
  const figure = counted ? (ns: number) => ns.toFixed(0) : micro
  const body = lines.map(({ variant, phase, ns, quartiles, ratio }) => [
    variant,
    PHASES[phase] ?? phase,
    figure(ns),
    quartiles.map(figure).join('–'),
    ratio ? percent(ratio.median) : '',
    ratio ? `${ratio.range.map(percent).join(' … ')}` : '',
  ])
  return table(
    [
      'What',
      'Scopes',
      counted ? 'instructions, lowest' : 'µs, median',
      'middle half',
      'against no agent, or one scope',
      'round by round',
    ],
    body,
  )
}

function targetTable(lines: readonly Line[], delivery: string): string {
  const body = TARGETS.flatMap(([variant, phases, most, text]) => {
    if (/by the kernel/.test(text) && delivery !== 'kernel') return []
    const concerned = lines.filter((line) => line.ratio && variant.test(line.variant) && phases.includes(line.phase))
    return concerned.map(({ variant: name, phase, ratio }) => [
      text,
      phase === '1' ? name : `${name}, ${phase} scopes`,
      percent(ratio!.median),
      ratio!.median <= 1 + most ? 'met' : '**missed**',
    ])
  })
  return table(['Target', 'What', 'Measured', ''], body)
}

function programTable({ programs, counted }: BenchResult): string {
  const body = programs.map(({ variant, program, callsPerOperation, nsPerCall }) => [
    variant,
    `\`${program}\``,
    callsPerOperation.toFixed(2),
    nsPerCall.toFixed(0),
    (callsPerOperation * nsPerCall).toFixed(0),
  ])
  const unit = counted ? 'instructions' : 'ns'
  return table(['What', 'Program', 'calls each', `${unit} a call`, `${unit} each`], body)
}

const micro = (ns: number): string => (ns / 1000).toFixed(ns < 100_000 ? 2 : 0)

const percent = (ratio: number): string => `${ratio < 1 ? '−' : '+'}${Math.abs((ratio - 1) * 100).toFixed(1)} %`

function table(head: readonly string[], body: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...body.map(line)].join('\n')
}
