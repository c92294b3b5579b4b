/**
 * Rate-limits repeated log lines: the first ten per window are written, the rest counted, so that a loop that reads a
 * sealed process's environ fills no disk and hides nothing else. Pure; the metrics count elsewhere, exactly.
 */
import type { Alike, Line } from './describe.ts'

export interface Repeats {
  /**
   * @param now milliseconds @returns the lines to write now: summaries that are due, then this line unless it is held
   * back
   */
  readonly pass: (line: Line, now: number) => Line[]
  /** A summary for each window that has ended and held something back. */
  readonly due: (now: number) => Line[]
  /** All of them, ended or not. */
  readonly rest: () => Line[]
  /** When the next window ends, milliseconds; undefined: none is open. */
  readonly nextEnd: () => number | undefined
  /** Lines held back so far. */
  readonly heldBack: () => number
}

/** Lines of a kind that are written in a window: enough to see a pattern, too few to fill a disk. */
const ATTEMPTS = { first: 10, ms: 10_000, name: '10 s' } as const
/** For accesses that tools make in passing. */
const PASSING = { first: 1, ms: 3_600_000, name: 'an hour' } as const
/**
 * Windows open at a time. An attacker has as many names as it likes: lines beyond are told apart by the kind of event
 * alone.
 */
const MOST_WINDOWS = 256

interface Window {
  readonly line: Line
  readonly end: number
  readonly size: typeof ATTEMPTS | typeof PASSING
  readonly crowd: boolean
  written: number
  repeated: number
}

export function openRepeats(): Repeats {
  const windows = new Map<string, Window>()
  let heldBack = 0
  const due = (now: number): Line[] => {
    const ended = [...windows].filter(([, { end }]) => end <= now)
    for (const [key] of ended) windows.delete(key)
    return ended.flatMap(([, window]) => summary(window))
  }
  const pass = (line: Line, now: number): Line[] => {
    if (!line.alike) return [line]
    const summaries = due(now)
    const window = windowOf(windows, line, line.alike, now)
    if (window.written < window.size.first) {
      window.written++
      return [...summaries, line]
    }
    window.repeated++
    heldBack++
    return summaries
  }
  return {
    pass,
    due,
    rest: () => due(Number.POSITIVE_INFINITY),
    nextEnd: () => (windows.size ? Math.min(...[...windows.values()].map(({ end }) => end)) : undefined),
    heldBack: () => heldBack,
  }
}

/** Crowds are as many as there are things that can happen, a closed set: so the map is bounded with them. */
function windowOf(windows: Map<string, Window>, line: Line, alike: Alike, now: number): Window {
  const own = `${alike.what}\n${alike.who}`
  const crowd = !windows.has(own) && windows.size >= MOST_WINDOWS
  const key = crowd ? alike.what : own
  const size = alike.passing ? PASSING : ATTEMPTS
  const open = windows.get(key) ?? { line, end: now + size.ms, size, crowd, written: 0, repeated: 0 }
  windows.set(key, open)
  return open
}

function summary({ line, repeated, crowd, size }: Window): Line[] {
  if (!repeated) return []
  const whom = crowd ? `${line.alike?.what} by programs too many to tell apart` : line.text
  const text = `${whom}: repeated ${repeated} times within ${size.name}`
  return [{ level: line.level, tag: line.tag, text, fields: { ...line.fields, repeated } }]
}
