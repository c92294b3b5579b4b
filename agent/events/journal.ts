/** Where the agent's lines go: everything to those who count, and what is left without repeats to log and feed. */
import type { Line } from './describe.ts'
import { openRepeats } from './repeats.ts'
import type { Log } from './sinks/log.ts'

export type Sink = (line: Line) => void

export interface Journal extends Log {
  /** Lines held back as repeats so far. */
  readonly heldBack: () => number
  /** Writes what was held back. Safe to call twice. */
  readonly close: () => void
}

/** How late a summary may be. */
const LOOK_MS = 1000

/** @param exact get every line, @param readable a few of each kind and then their number */
export function openJournal(exact: readonly Sink[], readable: readonly Sink[]): Journal {
  const repeats = openRepeats()
  const publish = (lines: readonly Line[]): void => {
    for (const line of lines) for (const sink of readable) sink(line)
  }
  const write = (line: Line): void => {
    for (const sink of exact) sink(line)
    publish(repeats.pass(line, Date.now()))
  }
  const timer = setInterval(() => publish(repeats.due(Date.now())), LOOK_MS).unref()
  const close = (): void => {
    clearInterval(timer)
    publish(repeats.rest())
  }
  const say: Log['say'] = (level, tag, text, fields = {}) => write({ level: level as Line['level'], tag, text, fields })
  return { write, say, heldBack: repeats.heldBack, close }
}
