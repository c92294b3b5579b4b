/** The matrix for people and for programs. Pure. */
import { countsOf, exitStatusOf, type MatrixLine, type Verdict } from './matrix.ts'

/** Only the leak shouts. */
const WORDS: Record<Verdict['kind'], string> = {
  refused: 'refused',
  leaked: 'LEAKED',
  kernel: 'kernel',
  unproved: 'unproved',
  skipped: 'skipped',
}

/** Attempts down, attackers across; below it the reason of every cell that is not a plain refusal, and the counts. */
export function renderTable(lines: readonly MatrixLine[]): string {
  const attackers = [...(lines[0]?.verdicts.keys() ?? [])]
  const head = ['ROW', 'ATTEMPT', ...attackers.map((attacker) => attacker.toUpperCase()), 'WHAT']
  const body = lines.map((line) => [
    String(line.row),
    line.id,
    ...attackers.map((attacker) => WORDS[line.verdicts.get(attacker)?.kind ?? 'skipped']),
    line.title,
  ])
  return [align([head, ...body]), notes(lines), summary(lines)].filter((part) => part !== '').join('\n\n')
}

/** @param about the circumstances, put before the attempts */
export function renderJson(lines: readonly MatrixLine[], about: Readonly<Record<string, unknown>> = {}): string {
  const counts = countsOf(lines)
  const attempts = lines.map(({ verdicts, ...subject }) => ({ ...subject, verdicts: Object.fromEntries(verdicts) }))
  return JSON.stringify({ ...about, attempts, counts, exitStatus: exitStatusOf(counts) })
}

function align(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** `kernel` needs no note of its own: the summary explains it once. */
function notes(lines: readonly MatrixLine[]): string {
  const noted = lines.flatMap(({ id, verdicts }) =>
    [...verdicts]
      .filter(([, { kind }]) => kind !== 'refused' && kind !== 'kernel')
      .map(([attacker, { kind, why }]) => [WORDS[kind], id, attacker, why]),
  )
  return noted.length === 0 ? '' : align(noted)
}

function summary(lines: readonly MatrixLine[]): string {
  const { refused, leaked, kernel, unproved, skipped } = countsOf(lines)
  return [
    `${refused} refused (worked without protection), ${leaked} leaked, ${unproved} unproved, ${skipped} skipped,`,
    `${kernel} refused by the kernel itself to that attacker, with or without KernelSeal`,
  ].join(' ')
}
