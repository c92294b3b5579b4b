/** The lines of the check as a table for people, and how many subjects have to be put right. */
import { type Line, SUBJECTS, type Subject } from './line.ts'

const MARKS = { ok: 'ok  ', warn: 'warn', unknown: '??  ', fail: 'FAIL' } as const
/** A cure beside its fault, while both fit into a terminal; otherwise below. */
const WIDTH = 120
const INDENT = ' '.repeat(17)

export function checkReport(lines: readonly Line[]): string {
  return `${lines.map(row).join('')}${verdict(lines)}\n`
}

function row({ what, state, found, fix }: Line): string {
  const start = `${what.padEnd(11)} ${MARKS[state]} ${oneLine(found)}`
  if (fix === undefined) return `${start}\n`
  const beside = `${start}  fix: ${fix}`
  return beside.length <= WIDTH ? `${beside}\n` : `${start}\n${INDENT}fix: ${fix}\n`
}

/** Words of a server may have several lines, or what a terminal takes for a command. */
const oneLine = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}]+/gu, ' ')

function verdict(lines: readonly Line[]): string {
  const looked = SUBJECTS.filter((subject) => lines.some(({ what }) => what === subject))
  const wrong = countOf(lines, 'fail')
  const good =
    wrong === 0
      ? 'Nothing has to be put right'
      : `${wrong} of ${looked.length} ${wrong === 1 ? 'has' : 'have'} to be put right`
  const more = [
    ...(countOf(lines, 'warn') > 0 ? [`${countOf(lines, 'warn')} to look at`] : []),
    ...(countOf(lines, 'unknown') > 0 ? [`${countOf(lines, 'unknown')} not known`] : []),
  ]
  return `${[good, ...more].join(', ')}.`
}

/** Subjects with a line of that state. */
function countOf(lines: readonly Line[], state: Line['state']): number {
  return new Set<Subject>(lines.filter((line) => line.state === state).map(({ what }) => what)).size
}
