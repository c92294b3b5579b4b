/** A panel of type `stat`: the last value of its first series, in the colour of the threshold it has reached. */
import type { Panel } from '../dashboard.ts'
import { type Run, seriesOf } from '../run.ts'
import { noData, type Room } from './curves.ts'
import { COLOURS, NAMED, text } from './svg.ts'
import { written } from './units.ts'

const SIZE = 30

/** @param room the inside of the frame, from 0 0 */
export function drawStat(run: Run, panel: Panel, { width, height }: Room): string {
  const values = panel.targets.flatMap((query) => seriesOf(run, panel, query)[0]?.values ?? [])
  const last = values.findLast((value) => value !== null)
  if (last === undefined || last === null) return noData(width, height)
  const { unit } = panel.fieldConfig.defaults
  const style = { size: SIZE, fill: colourOf(last, panel), anchor: 'middle', weight: 600 } as const
  return text(width / 2, height / 2 + SIZE / 3, written(last, unit), style)
}

function colourOf(value: number, { fieldConfig }: Panel): string {
  const reached = fieldConfig.defaults.thresholds?.steps.findLast((step) => step.value === null || value >= step.value)
  return reached ? (NAMED[reached.color] ?? reached.color) : COLOURS.text
}
