/** A panel of type `timeseries`: axes, curves and legend. */
import { scaleLinear, scaleUtc } from 'd3-scale'
import { area, line } from 'd3-shape'
import type { Panel } from '../dashboard.ts'
import type { Run } from '../run.ts'
import { type Curve, curvesOf, highest, legendOf, missingIn } from './legend.ts'
import { COLOURS, element, text, widthOf } from './svg.ts'
import { baseOf, written } from './units.ts'

export interface Room {
  readonly width: number
  readonly height: number
}

const AXIS = 20
const SIZE = 11
/** Half of a time's width: a label nearer to the right edge would be cut. */
const EDGE = 28

/** @param room the inside of the frame, from 0 0 */
export function drawCurves(run: Run, panel: Panel, { width, height }: Room): string {
  const curves = curvesOf(run, panel)
  const legend = legendOf(curves, missingIn(run, panel), width, 3)
  const bottom = height - legend.height - AXIS - 4
  if (curves.length === 0) return noData(width, bottom) + legend.draw(0, height - legend.height)
  const { unit } = panel.fieldConfig.defaults
  const one = baseOf(unit, top(curves))
  const y = scaleLinear([0, top(curves) / one], [bottom, 6]).nice(4)
  const ticks = y.ticks(4).map((value) => ({ at: y(value), label: written(value * one, unit) }))
  const left = Math.max(...ticks.map(({ label }) => widthOf(label, SIZE))) + 8
  const last = curves[0]!.values.length - 1
  const time = (i: number): Date => new Date((run.from + i * run.step) * 1000)
  const x = scaleUtc([time(0), time(last)], [left, width - 4])
  return [
    ...ticks.map(({ at, label }) => horizontal(at, label, left, width)),
    ...x
      .ticks(6)
      .filter((date) => x(date) < width - EDGE)
      .map((date) => vertical(x(date), x.tickFormat(6, '%H:%M:%S')(date), bottom)),
    ...curves.toReversed().map((curve) =>
      drawn(
        curve,
        (i) => x(time(i)),
        (value) => y(value / one),
      ),
    ),
    legend.draw(0, height - legend.height),
  ].join('')
}

/** Nothing but zeros gets an axis as well. */
const top = (curves: readonly Curve[]): number => Math.max(...curves.map(({ values }) => highest(values))) || 1

function horizontal(y: number, label: string, left: number, right: number): string {
  const grid = element('line', { x1: left, x2: right, y1: y, y2: y, stroke: COLOURS.grid })
  return grid + text(left - 8, y + 4, label, { size: SIZE, fill: COLOURS.muted, anchor: 'end' })
}

function vertical(x: number, label: string, bottom: number): string {
  const grid = element('line', { x1: x, x2: x, y1: 6, y2: bottom, stroke: COLOURS.grid })
  return grid + text(x, bottom + 15, label, { size: SIZE, fill: COLOURS.muted, anchor: 'middle' })
}

function drawn({ values, colour }: Curve, x: (i: number) => number, y: (value: number) => number): string {
  const points = corners(values)
  const defined = ([value]: Point): boolean => value !== null
  const [across, up] = [([, i]: Point) => x(i), ([value]: Point) => y(value ?? 0)]
  const curve = line<Point>().digits(1).defined(defined).x(across).y(up)(points)
  const below = area<Point>().digits(1).defined(defined).x(across).y0(y(0)).y1(up)(points)
  const fill = element('path', { d: below ?? '', fill: colour, 'fill-opacity': 0.1 })
  return fill + element('path', { d: curve ?? '', fill: 'none', stroke: colour, 'stroke-width': 1.6 })
}

type Point = readonly [value: number | null, i: number]

/** Without the points between two of the same height: most curves of a quiet run are flat, and the file is a fifth. */
function corners(values: Curve['values']): Point[] {
  const points = values.map((value, i): Point => [value, i])
  return points.filter(([value, i]) => i === 0 || value !== values[i - 1] || value !== values[i + 1])
}

export function noData(width: number, height: number): string {
  return text(width / 2, height / 2 + 5, 'No data', { size: 14, fill: COLOURS.muted, anchor: 'middle' })
}
