/** The text of a terminal as an SVG: a window with the lines in it, the words that matter in colour. */
import { COLOURS, document, element, escaped, MONO, NAMED } from './svg.ts'

const SIZE = 13
/** Of a monospaced letter; `textLength` holds every font to it. */
const LETTER = 7.8
const LINE = 18
const BAR = 34
const MARGIN = 16
const COLUMNS = 132

const BLUE = '#6e9fff'
/** The first that matches a place colours it. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/^==> .*/, BLUE],
  [/^\$ .*/, COLOURS.text],
  [/\[LSM BLOCKED\]|\bREAD\b|PROBLEM:.*|FAILED:.*/, NAMED.red!],
  [/\[(?:OK|INJECT)\]|\bEPERM\b|\bEACCES\b|\bOK:.*/, NAMED.green!],
  [/kernelseal:v1:\S+/, NAMED.orange!],
]
const ANY = new RegExp(WORDS.map(([{ source }]) => `(${source})`).join('|'), 'g')

/** @param title in the window's bar */
export function drawTerminal(title: string, lines: readonly string[]): string {
  const wrapped = lines.flatMap(wrap)
  const width = 2 * MARGIN + COLUMNS * LETTER
  const height = BAR + wrapped.length * LINE + MARGIN + 6
  const window = element('rect', { width, height, rx: 8, fill: COLOURS.page, stroke: COLOURS.border })
  const lights = [NAMED.red, NAMED.orange, NAMED.green].map((fill, i) =>
    element('circle', { cx: 20 + i * 18, cy: 17, r: 5.5, fill }),
  )
  const name = element(
    'text',
    { x: width / 2, y: 21, 'text-anchor': 'middle', fill: COLOURS.muted, 'font-size': 12 },
    escaped(title),
  )
  return document(width, height, MONO, title, window, ...lights, name, ...wrapped.map(drawn))
}

/** Longer lines go on below, where they begin. */
function wrap(line: string): string[] {
  if (line.length <= COLUMNS) return [line]
  const indent = /^ */.exec(line)![0]
  const end = line.lastIndexOf(' ', COLUMNS) > indent.length ? line.lastIndexOf(' ', COLUMNS) : COLUMNS
  return [line.slice(0, end), ...wrap(`${indent}  ${line.slice(end).trimStart()}`)]
}

function drawn(line: string, row: number): string {
  const y = BAR + LINE * (row + 1)
  return spans(line)
    .filter(({ content }) => content.trim() !== '')
    .map(({ content, at, colour }) => {
      const attributes = {
        x: MARGIN + at * LETTER,
        y,
        fill: colour,
        'font-size': SIZE,
        textLength: content.length * LETTER,
      }
      return element('text', { ...attributes, 'xml:space': 'preserve' }, escaped(content))
    })
    .join('')
}

interface Span {
  readonly content: string
  readonly at: number
  readonly colour: string
}

/** Words that stand two spaces apart are placed one by one: so columns hold in every font. */
function spans(line: string): Span[] {
  const found: Span[] = []
  let at = 0
  for (const match of [...line.matchAll(ANY), undefined]) {
    const plain = line.slice(at, match?.index)
    for (const part of plain.matchAll(/\S+(?: \S+)*/g))
      found.push({ content: part[0], at: at + part.index, colour: '#b4b7c0' })
    if (!match) break
    const colour = WORDS[match.slice(1).findIndex((group) => group !== undefined)]![1]
    found.push({ content: match[0].trimEnd(), at: match.index, colour })
    at = match.index + match[0].length
  }
  return found
}
