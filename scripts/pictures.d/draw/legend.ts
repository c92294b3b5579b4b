/** The names of a panel's series, and of its queries without data, in rows below the curves. */
import type { Panel, Query } from '../dashboard.ts'
import { type Run, type Series, seriesOf } from '../run.ts'
import { COLOURS, cut, element, text, widthOf } from './svg.ts'

/** Grafana's classic palette. */
const PALETTE = '#73bf69 #f2cc0c #8ab8ff #ff780a #f2495c #5794f2 #b877d9 #37872d #fade2a #ffb357 #ff7383 #96d98d'.split(
  ' ',
)

export interface Curve {
  readonly name: string
  readonly colour: string
  readonly values: Series['values']
}

/** @returns the panel's curves, those with the highest values first */
export function curvesOf(run: Run, panel: Panel): Curve[] {
  const all = panel.targets.flatMap((query) =>
    seriesOf(run, panel, query).map((series) => ({ name: nameOf(series, query), values: series.values })),
  )
  const sorted = all.toSorted((a, b) => highest(b.values) - highest(a.values))
  return sorted.map((curve, i) => ({ ...curve, colour: PALETTE[i % PALETTE.length]! }))
}

export const highest = (values: Series['values']): number => Math.max(...values.map((value) => value ?? -Infinity))

function nameOf({ labels }: Series, { legendFormat }: Query): string {
  if (legendFormat !== '') return legendFormat.replaceAll(/\{\{\s*(\w+)\s*\}\}/g, (_, label) => labels[label] ?? '')
  return Object.values(labels).join(' ')
}

/** @returns the names of the panel's queries that have no data, such as `program skipped` */
export function missingIn(run: Run, panel: Panel): string[] {
  return panel.targets
    .filter((query) => seriesOf(run, panel, query).length === 0)
    .map(({ legendFormat, refId }) => legendFormat.replaceAll(/[{}]/g, '') || refId)
}

const SIZE = 11
const ROW = 16
const SWATCH = 18
const GAP = 16

interface Entry {
  readonly name: string
  readonly colour: string | undefined
}

export interface Legend {
  readonly height: number
  readonly draw: (x: number, y: number) => string
}

/** @param rows at most this many; the last one then says how many are left out */
export function legendOf(curves: readonly Curve[], missing: readonly string[], width: number, rows: number): Legend {
  const entries: Entry[] = [...curves, ...missing.map((name) => ({ name: `${name}: no data`, colour: undefined }))]
  const placed = place(entries, width)
  const shown = placed.filter(({ row, x, name }) => row < rows - 1 || (row === rows - 1 && fits(x, name, width)))
  const left = entries.length - shown.length
  const last = shown.at(-1)
  const rest = left > 0 && last ? moreOf(last, curves.slice(shown.length), left) : ''
  return {
    height: shown.length === 0 ? 0 : (last!.row + 1) * ROW,
    draw: (x, y) => element('g', { transform: `translate(${x} ${y})` }, ...shown.map(drawn), rest),
  }
}

/** Room for the words about those left out. */
const REST = 110
const fits = (x: number, name: string, width: number): boolean => x + SWATCH + widthOf(name, SIZE) + REST < width

type Placed = Entry & { readonly x: number; readonly row: number }

function place(entries: readonly Entry[], width: number): Placed[] {
  let [x, row] = [0, 0]
  return entries.map((entry) => {
    const name = cut(entry.name, width - SWATCH, SIZE)
    const wide = SWATCH + widthOf(name, SIZE)
    if (x > 0 && x + wide > width) [x, row] = [0, row + 1]
    const here = { ...entry, name, x, row }
    x += wide + GAP
    return here
  })
}

function drawn({ x, row, name, colour }: Placed): string {
  const y = row * ROW
  const swatch = colour && element('rect', { x, y: y + 5, width: 12, height: 3, rx: 1.5, fill: colour })
  return `${swatch ?? ''}${text(colour ? x + SWATCH : x, y + 10, name, { size: SIZE, fill: COLOURS.muted })}`
}

function moreOf({ x, row, name }: Placed, rest: readonly Curve[], left: number): string {
  const flat = rest.length === left && rest.every(({ values }) => highest(values) <= 0)
  const words = `+ ${left} more${flat ? ', all 0' : ''}`
  return text(x + SWATCH + widthOf(name, SIZE) + GAP, row * ROW + 10, words, { size: SIZE, fill: COLOURS.muted })
}
