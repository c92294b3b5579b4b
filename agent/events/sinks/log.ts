/** The agent's log: text lines in the 1.x format on a terminal, JSON otherwise. */
import pino from 'pino'
import type { Line } from '../describe.ts'
import type { Output } from './output.ts'

export type LogFormat = 'text' | 'json'
export type Level = 'debug' | 'info' | 'warn' | 'error'

export interface Log {
  /** Lines below this level are dropped from now on. */
  readonly setLevel: (level: Level) => void
  readonly write: (line: Line) => void
  readonly say: (level: Level, tag: string, text: string, fields?: Record<string, unknown>) => void
}

const RANK = { debug: 0, info: 1, warn: 2, error: 3 } as const

export function openLog(format: LogFormat, level: Level, out: Pick<Output, 'write'>): Log {
  let least = level
  const print = format === 'json' ? jsonWriter(out) : textWriter(out)
  const write = (line: Line): void => {
    if (RANK[line.level] >= RANK[least]) print(line)
  }
  const setLevel = (next: Level): void => {
    least = next
  }
  const say: Log['say'] = (lineLevel, tag, text, fields = {}) => write({ level: lineLevel, tag, text, fields } as Line)
  return { write, say, setLevel }
}

function textWriter(out: Pick<Output, 'write'>): (line: Line) => void {
  return (line) => void out.write(`[${line.tag}] ${line.text}\n`)
}

function jsonWriter(out: Pick<Output, 'write'>): (line: Line) => void {
  const logger = pino({ level: 'debug', base: null, formatters: { level: (label) => ({ level: label }) } }, out)
  return (line) => logger[line.level]({ tag: line.tag, ...plain(line.fields) }, line.text)
}

/** With 64-bit integers as text: pino would write them as numbers. */
function plain(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const copy: Record<string, unknown> = {}
  for (const key of Object.keys(fields)) copy[key] = plainValue(fields[key])
  return copy
}

function plainValue(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (typeof value !== 'object' || value === null) return value
  return Array.isArray(value) ? value.map(plainValue) : plain(value as Record<string, unknown>)
}

/** For JSON.stringify: JSON has no 64-bit integers, so they become strings. */
export const bigintsAsText = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint' ? value.toString() : value
