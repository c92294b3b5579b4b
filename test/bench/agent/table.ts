/** Measured values beside their targets. Pure. */

/** One measured value. */
export interface Figure {
  readonly what: string
  readonly where: 'native' | 'emulated'
  readonly value: number
  readonly unit: string
  /** The most it may be, or the least where more is better; none: for comparison. */
  readonly most?: number
  readonly least?: number
}

export function renderFigures(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => {
    const { what, where, value, unit } = figure
    return [what, where, `${rounded(value)} ${unit}`, targetOf(figure), verdictOf(figure)]
  })
  const head = ['figure', 'measured', 'value', 'target', '']
  return [head, ['---', '---', '--:', '--:', '---'], ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('')
}

function targetOf({ most, least, unit }: Figure): string {
  if (most !== undefined) return `≤ ${rounded(most)} ${unit}`
  return least === undefined ? '' : `≥ ${rounded(least)} ${unit}`
}

function verdictOf({ value, most, least }: Figure): string {
  if (most === undefined && least === undefined) return ''
  const met = (most === undefined || value <= most) && (least === undefined || value >= least)
  return met ? 'met' : '**missed**'
}

/** Three digits that matter, and no exponent. */
const rounded = (value: number): string =>
  value >= 100 ? value.toFixed(0).replace(/\B(?=(\d{3})+$)/g, ',') : String(Number(value.toPrecision(3)))
