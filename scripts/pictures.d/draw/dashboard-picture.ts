/** The whole dashboard as one SVG, its panels where Grafana has them. */
import type { Dashboard, Panel } from '../dashboard.ts'
import type { Run } from '../run.ts'
import { drawCurves, type Room } from './curves.ts'
import { drawRows } from './rows.ts'
import { drawStat } from './stat.ts'
import { COLOURS, cut, document, element, SANS, text } from './svg.ts'

/** Grafana's grid has 24 columns; a row of it is 30 pixels here, which leaves curves of a readable height. */
const COLUMN = 50
const ROW = 30
const GAP = 8
const HEAD = 52
const WIDTH = 24 * COLUMN + GAP
const TITLE = 30
const MARGIN = 12

const KINDS: Readonly<Record<string, (run: Run, panel: Panel, room: Room) => string>> = {
  stat: drawStat,
  table: drawRows,
  timeseries: drawCurves,
}

/** @throws Error when a panel is of a type that cannot be drawn, or when the run knows nothing of it */
export function drawDashboard(dashboard: Dashboard, run: Run): string {
  const { title, panels } = dashboard
  const rows = Math.max(...panels.map(({ gridPos }) => gridPos.y + gridPos.h))
  const height = HEAD + rows * ROW + GAP
  const background = element('rect', { width: WIDTH, height, rx: 6, fill: COLOURS.page })
  const head = text(GAP + MARGIN, 33, title, { size: 20, weight: 600 })
  const range = text(WIDTH - GAP - MARGIN, 32, rangeOf(run), { fill: COLOURS.muted, anchor: 'end' })
  return document(
    WIDTH,
    height,
    SANS,
    `The dashboard ${title}`,
    background,
    head,
    range,
    ...panels.map((panel) => framed(run, panel)),
  )
}

function rangeOf({ from, step, panels }: Run): string {
  const steps = Math.max(
    0,
    ...panels.flatMap(({ answers }) => answers.flatMap(({ series }) => series.map(({ values }) => values.length - 1))),
  )
  const [start, end] = [from, from + step * steps].map((seconds) => new Date(seconds * 1000).toISOString())
  return `${start!.slice(0, 10)}  ${start!.slice(11, 19)} to ${end!.slice(11, 19)} UTC`
}

function framed(run: Run, panel: Panel): string {
  const { x, y, w, h } = panel.gridPos
  const [width, height] = [w * COLUMN - GAP, h * ROW - GAP]
  const draw = KINDS[panel.type]
  if (!draw)
    throw new Error(
      `panel ${panel.id}, \`${panel.title}\`, is of type \`${panel.type}\`, which scripts/pictures.d/draw cannot draw`,
    )
  const frame = element('rect', { width, height, rx: 3, fill: COLOURS.panel, stroke: COLOURS.border })
  const size = w < 6 ? 12 : 13 // the longest title of the narrow ones fits
  const title = text(MARGIN, 21, cut(panel.title, width - 2 * MARGIN, size), { size, weight: 600 })
  const inside = draw(run, panel, { width: width - 2 * MARGIN, height: height - TITLE - MARGIN })
  const place = `translate(${GAP + x * COLUMN} ${HEAD + y * ROW})`
  const group = element('g', { transform: `translate(${MARGIN} ${TITLE})` }, inside)
  return element('g', { id: `panel-${panel.id}`, transform: place }, frame, title, group)
}
