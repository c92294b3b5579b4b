/** The outcomes without and with protection as one table, and the faults in them. Pure. */
import type { Attempt, Outcome } from '../../agent/attack/attempt.ts'
import { type Verdict, verdictOf } from '../../agent/attack/report/matrix.ts'
import type { Attacker } from './attackers.ts'

export interface Result {
  readonly attacker: Attacker
  readonly without: ReadonlyMap<string, Outcome>
  readonly with: ReadonlyMap<string, Outcome>
}

/** Attempts down; for each attacker the outcome without protection, and with it. */
export function renderTable(attempts: readonly Attempt[], results: readonly Result[]): string {
  const heads = [
    ['', '', ...results.flatMap(({ attacker }) => [attacker.title, ''])],
    ['ROW', 'ATTEMPT', ...results.flatMap(() => ['disabled', 'enforce'])],
  ]
  const body = attempts.map((attempt) => [
    String(attempt.row),
    attempt.title,
    ...results.flatMap((result) => cells(attempt, result)),
  ])
  return align([...heads, ...body])
}

function cells({ id }: Attempt, result: Result): [string, string] {
  const [without, sealed] = [result.without.get(id), result.with.get(id)]
  // An attempt for which this attacker lacks a capability, or this kernel the feature.
  if (without?.kind === 'refused' || without?.kind === 'impossible')
    return ['–', sealed?.kind === 'leaked' ? 'READ' : '–']
  return [word(without), word(sealed)]
}

function word(outcome: Outcome | undefined): string {
  switch (outcome?.kind) {
    case 'leaked':
      return 'READ'
    case 'refused':
      return outcome.errno
    default:
      return outcome?.kind ?? 'not run'
  }
}

function align([titles = [], ...rows]: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  // A title stands over the two columns of its attacker.
  const wide = widths.map((width, i) =>
    i >= 2 && i % 2 === 1 ? Math.max(width, titles[i - 1]!.length - widths[i - 1]! - 2) : width,
  )
  const spans = wide.flatMap((width, i) => (i < 2 ? [width] : i % 2 === 0 ? [width + 2 + wide[i + 1]!] : []))
  const heads = titles.filter((_, i) => i < 2 || i % 2 === 0)
  return [lineOf(heads, spans), ...rows.map((row) => lineOf(row, wide))].join('\n')
}

function lineOf(cells: readonly string[], widths: readonly number[]): string {
  return cells
    .map((cell, i) => cell.padEnd(widths[i]!))
    .join('  ')
    .trimEnd()
}

/** Everything that keeps the table from being a proof, a sentence each. */
export function flaws(attempts: readonly Attempt[], results: readonly Result[]): string[] {
  return results.flatMap((result) => {
    const verdicts = attempts.map((attempt) => ({ attempt, verdict: judged(attempt, result) }))
    const wrong = verdicts.filter(({ verdict }) => verdict.kind === 'leaked' || verdict.kind === 'unproved')
    const rows = [...new Set(attempts.map(({ row }) => row))]
    const empty = rows.filter((row) => !verdicts.some((v) => v.attempt.row === row && v.verdict.kind === 'refused'))
    return [
      ...wrong.map(
        ({ attempt, verdict }) => `${result.attacker.title}: ${attempt.title}: ${verdict.kind} (${verdict.why})`,
      ),
      ...empty.map(
        (row) => `${result.attacker.title}: no attempt of row ${row} worked without protection and was refused with it`,
      ),
    ]
  })
}

export function refusals(attempts: readonly Attempt[], results: readonly Result[]): number {
  return results.flatMap((result) => attempts.filter((attempt) => judged(attempt, result).kind === 'refused')).length
}

function judged({ id, proof }: Attempt, { attacker, without, with: sealed }: Result): Verdict {
  return verdictOf(proof, attacker.identity, without.get(id), sealed.get(id))
}
