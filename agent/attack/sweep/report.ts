/** The findings of a sweep, for people and for programs. Pure. */
import type { AttackerName } from '../runner/attackers.ts'
import type { Tally } from './request.ts'
import type { Swept } from './sweeper.ts'

/** By attacker. */
export type SweepSide = Readonly<Record<string, Swept>>

export interface SweepReport {
  readonly kernel: string
  readonly tier: string
  readonly delivery: string
  readonly seed: number
  readonly budgetSeconds: number
  readonly attackers: readonly AttackerName[]
  readonly unprotected: SweepSide
  readonly sealed: SweepSide
}

/** Distinct ways, over all attackers, in order. */
export function waysOf(side: SweepSide): string[] {
  const ways = Object.values(side).flatMap(({ findings }) => findings.map(({ way }) => way))
  return [...new Set(ways)].toSorted()
}

/** Over all attackers, family by family. */
export function talliesOf(side: SweepSide): Tally[] {
  const groups = Map.groupBy(
    Object.values(side).flatMap(({ tallies }) => tallies),
    ({ family }) => family,
  )
  const sum = (tallies: readonly Tally[], key: 'taken' | 'calls') =>
    tallies.reduce((total, tally) => total + tally[key], 0)
  return [...groups].map(([family, tallies]) => ({
    family,
    steps: tallies.reduce((total, { steps }) => total + steps, 0),
    taken: sum(tallies, 'taken'),
    calls: sum(tallies, 'calls'),
  }))
}

/** 0: the unprotected target was found out and the sealed one was not. 1: the sealed one was. 2: the control shows nothing. */
export function sweepStatusOf({ unprotected, sealed }: SweepReport): 0 | 1 | 2 {
  if (waysOf(sealed).length > 0) return 1
  return waysOf(unprotected).length === 0 ? 2 : 0
}

export function renderSweep(report: SweepReport): string {
  const { kernel, tier, delivery, seed, budgetSeconds, unprotected, sealed } = report
  return [
    `Linux ${kernel}, refusal tier ${tier}, delivery tier ${delivery}; seed ${seed}, ${budgetSeconds} s`,
    renderSide('Without protection', unprotected),
    renderSide('Sealed', sealed),
    `${waysOf(unprotected).length} ways show the needles without protection, ${waysOf(sealed).length} of a sealed target`,
  ].join('\n\n')
}

function renderSide(title: string, side: SweepSide): string {
  const findings = Object.entries(side).flatMap(([attacker, { findings }]) =>
    findings.map(({ way, how, place }) => `  ${way}: ${place}, by ${attacker} (${how})`),
  )
  const deaths = Object.entries(side).flatMap(([attacker, { deaths, lost }]) => [
    ...deaths.map((death) => `  a process of ${attacker} ended in ${death}`),
    ...(lost ? [`  ${attacker} had no target any more after ${lost.step}`] : []),
  ])
  const tried = talliesOf(side).map(
    ({ family, steps, taken, calls }) => `  ${family}: ${taken} of ${steps} steps, ${calls} calls`,
  )
  return [title, ...tried, ...(findings.length > 0 ? findings : ['  nothing found']), ...deaths].join('\n')
}

/** With the status, so that a reader needs no rule of his own. */
export function renderSweepJson(report: SweepReport): string {
  return JSON.stringify({
    ...report,
    ways: { unprotected: waysOf(report.unprotected), sealed: waysOf(report.sealed) },
    tried: { unprotected: talliesOf(report.unprotected), sealed: talliesOf(report.sealed) },
    exitStatus: sweepStatusOf(report),
  })
}
