/** A panel of type `table`: for each query its labels and the value at the end of the run. */
import type { Panel } from '../dashboard.ts'
import { type Run, type Series, seriesOf } from '../run.ts'
import { noData, type Room } from './curves.ts'
import { COLOURS, cut, element, text } from './svg.ts'
import { written } from './units.ts'

const ROW = 24

/** @param room the inside of the frame, from 0 0 */
export function drawRows(run: Run, panel: Panel, { width, height }: Room): string {
  const tables = panel.targets.map((query) => tableOf(seriesOf(run, panel, query), panel.fieldConfig.defaults.unit))
  if (tables.every((rows) => rows.length === 0)) return noData(width, height)
  let y = 0
  return tables
    .flatMap((rows) => {
      const drawn = rows.map((row, i) => rowOf(row, width, y + i * ROW, i === 0))
      y += rows.length * ROW + 12
      return drawn
    })
    .join('')
}

/** @returns a row of heads and one for each series that still has a value; none without those */
function tableOf(series: readonly Series[], unit: string): string[][] {
  const rows = series.filter(({ values }) => values.at(-1) !== null)
  const heads = Object.keys(rows[0]?.labels ?? {})
  const cells = rows.map(({ labels, values }) => [
    ...heads.map((head) => labels[head] ?? ''),
    written(values.at(-1)!, unit),
  ])
  return rows.length > 0 ? [[...heads, 'Value'], ...cells] : []
}

function rowOf(cells: readonly string[], width: number, y: number, head: boolean): string {
  const column = width / cells.length
  const style = { size: 12, fill: head ? '#6e9fff' : COLOURS.text, ...(head && { weight: 600 }) }
  const rule = element('line', { x1: 0, x2: width, y1: y + ROW - 4, y2: y + ROW - 4, stroke: COLOURS.grid })
  return rule + cells.map((cell, i) => text(i * column + 4, y + 14, cut(cell, column - 8, 12), style)).join('')
}
