/** Distributes the agent's lines: all of them to the counters, and without repeats to log and feed. */
import type { Line } from './describe.ts'
import { openRepeats } from './repeats.ts'
import type { Log } from './sinks/log.ts'

export type Sink = (line: Line) => void

export interface Journal extends Log {
  /** Lines held back as repeats so far. */
  readonly heldBack: () => number
  /** Writes the lines held back. Safe to call twice. */
  readonly close: () => void
}

/** How late a summary may be. */
const LATE_MS = 1000

/** @param exact get every line, @param readable a few of each kind and then their number, @param setLevel of the log among them */
export function openJournal(exact: readonly Sink[], readable: readonly Sink[], setLevel: Log['setLevel']): Journal {
  const repeats = openRepeats()
  const publish = (lines: readonly Line[]): void => {
    for (const line of lines) for (const sink of readable) sink(line)
  }
  // Only while there is something to summarise: an idle agent has no timer of this.
  let timer: NodeJS.Timeout | undefined
  let due = 0
  const look = (): void => {
    timer = undefined
    publish(repeats.due(Date.now()))
    lookAgain()
  }
  const lookAgain = (): void => {
    const end = repeats.nextEnd()
    if (end === undefined || (timer && due <= end + LATE_MS)) return
    clearTimeout(timer)
    due = end + LATE_MS
    timer = setTimeout(look, Math.max(due - Date.now(), LATE_MS)).unref()
  }
  const write = (line: Line): void => {
    for (const sink of exact) sink(line)
    publish(repeats.pass(line, Date.now()))
    lookAgain()
  }
  const close = (): void => {
    clearTimeout(timer)
    publish(repeats.rest())
  }
  const say: Log['say'] = (level, tag, text, fields = {}) => write({ level: level as Line['level'], tag, text, fields })
  return { write, say, setLevel, heldBack: repeats.heldBack, close }
}
