/**
 * The destination of the log's lines: a descriptor that may be a full disk, or a pipe without a reader any more. An
 * agent outlives both.
 */
import { fstatSync, writeSync } from 'node:fs'
import pino from 'pino'

export interface Output {
  readonly write: (text: string) => unknown
  /** Lines that were not to be written, nor held any longer. */
  readonly lost: () => number
}

/** Characters that wait until they can be written. */
const HELD = 1 << 20
export const STDOUT = 1
export const STDERR = 2

/** A pipe's reader may be slow, and a write to it must not have the agent wait; a file's never does. */
export function openOutput(fd: number, held = HELD): Output {
  const about = fstatSync(fd)
  return about.isFIFO() || about.isSocket() ? toReader(fd, held) : toFile(fd, held)
}

/** Written at once where there is room, and held by Node where there is none. */
function toReader(fd: number, held: number): Output {
  const stream = fd === STDERR ? process.stderr : process.stdout
  let lost = 0
  stream.on('error', () => {}) // the reader has gone, and there is no other place to report it
  const write = (text: string): void => {
    if (stream.destroyed || stream.writableLength > held) lost++
    else stream.write(text)
  }
  return { write, lost: () => lost }
}

/** Written at once; after an error lines are held, and written with the next one that can be. */
function toFile(fd: number, held: number): Output {
  const destination = pino.destination({ fd, sync: true, maxLength: held })
  let lost = 0
  destination.on('drop', () => lost++)
  destination.once('error', (error: Error) => {
    // Later errors are of the same disk, and were reported by the first.
    destination.on('error', () => {})
    say(
      `kernelseal: the log cannot be written: ${error.message}; up to ${held} characters are held, later ones are lost\n`,
    )
  })
  return { write: (text) => destination.write(text), lost: () => lost }
}

function say(text: string): void {
  try {
    writeSync(STDERR, text)
  } catch {
    // Often the same disk. The metric counts the lost lines.
  }
}
