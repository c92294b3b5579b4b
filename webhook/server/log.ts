/** The webhook's log: nothing waits for it, and lost lines are counted. */
import type { Writable } from 'node:stream'
import { pino } from 'pino'

/** The part of a pino logger that is used here. */
export interface Log {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** Bytes that wait for a slow reader. */
const HELD = 1 << 20

export interface CountedLog {
  readonly log: Log
  /** Lines that were written nowhere. */
  lostLines(): number
}

/** A log that no full disk ends: lines that cannot be held are lost, since Pods refused for a log would be worse. */
export function openLog({ caOut, logLevel }: { readonly caOut: string; readonly logLevel: string }): CountedLog {
  // The CA may go to standard output; the log keeps out of its way then.
  const { write, lostLines } = countedWriter(caOut === '-' ? process.stderr : process.stdout)
  return { log: pino({ level: logLevel }, { write }), lostLines }
}

/** @param held bytes that may wait */
export function countedWriter(stream: Writable, held = HELD) {
  let lost = 0
  stream.on('error', () => {})
  // Also of a line that was taken and could not be written after all: a reader that goes leaves its waiting lines.
  const written = (error?: Error | null): void => {
    if (error) lost++
  }
  const write = (line: string): void => {
    if (stream.destroyed || stream.writableLength >= held) lost++
    else stream.write(line, written)
  }
  return { write, lostLines: () => lost }
}
