/** SVG as text, and the colours and sizes that all pictures share. */

export type Attributes = Readonly<Record<string, string | number | undefined>>

/** Grafana's dark theme, which is readable on a light page and on a dark one. */
export const COLOURS = {
  page: '#111217',
  panel: '#181b1f',
  border: '#2b2e36',
  grid: '#26292f',
  text: '#d5d7de',
  muted: '#8e929d',
} as const

export const NAMED: Readonly<Record<string, string>> = { green: '#73bf69', orange: '#ff9830', red: '#f2495c' }

export const SANS = 'Inter, Helvetica, Arial, "DejaVu Sans", sans-serif'
export const MONO = 'ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace'

/** @param children SVG; texts go through `escaped` first */
export function element(name: string, attributes: Attributes, ...children: readonly string[]): string {
  const written = Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [` ${key}="${typeof value === 'number' ? rounded(value) : escaped(value)}"`],
  )
  const start = `<${name}${written.join('')}`
  return children.length === 0 ? `${start}/>` : `${start}>${children.join('')}</${name}>`
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** Without the characters that XML 1.0 does not allow. */
export function escaped(text: string): string {
  return text
    .replaceAll(/[&<>"]/g, (character) => ENTITIES[character]!)
    .replaceAll(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '�')
}

export interface Style {
  readonly size?: number
  readonly fill?: string
  readonly anchor?: 'start' | 'middle' | 'end'
  readonly weight?: number
}

export function text(x: number, y: number, content: string, style: Style = {}): string {
  const { size = 12, fill = COLOURS.text, anchor, weight } = style
  const attributes = { x, y, 'font-size': size, fill, 'text-anchor': anchor, 'font-weight': weight }
  return element('text', attributes, escaped(content))
}

/** No font is at hand to measure: the widest of the usual ones, a little more than half its size a letter. */
export function widthOf(content: string, size: number): number {
  return content.length * size * 0.56
}

export function cut(content: string, width: number, size: number): string {
  const letters = Math.floor(width / (size * 0.56))
  return content.length <= letters ? content : `${content.slice(0, Math.max(1, letters - 1))}…`
}

export function document(width: number, height: number, font: string, title: string, ...children: string[]): string {
  const viewBox = `0 0 ${rounded(width)} ${rounded(height)}`
  const attributes = { xmlns: 'http://www.w3.org/2000/svg', width, height, viewBox, 'font-family': font, role: 'img' }
  return `${element('svg', attributes, element('title', {}, escaped(title)), ...children.map((child) => `\n${child}`), '\n')}\n`
}

const rounded = (value: number): string => String(Math.round(value * 10) / 10)
