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

function align(rows: readonly (readonly string[])[]): string {
  const widths = rows[1]!.map((_, column) => Math.max(...rows.slice(1).map((row) => row[column]!.length)))
  const pairs = rows[0]!.slice(2).map((title) => title.length)
  // A title stands over the two columns of its attacker.
  const wide = widths.map((width, i) => (i >= 2 ? Math.max(width, Math.ceil((pairs[i - 2]! - 2) / 2)) : width))
  return rows
    .map((row, line) =>
      row
        .map((cell, i) => placed(cell, wide, i, line === 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function placed(cell: string, widths: readonly number[], column: number, title: boolean): string {
  if (!title || column < 2) return cell.padEnd(widths[column]!)
  return column % 2 === 0 ? cell.padEnd(widths[column]! + widths[column + 1]! + 2) : ''
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
