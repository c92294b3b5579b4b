/** Where the log's lines go: a descriptor that may be a full disk, or a pipe whose reader has gone. An agent outlives both. */
import { writeSync } from 'node:fs'
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

/** Lines are written at once; after an error they are held, and written with the next line that can be. */
export function openOutput(fd: number, held = HELD): Output {
  const destination = pino.destination({ fd, sync: true, maxLength: held })
  let lost = 0
  destination.on('drop', () => lost++)
  destination.once('error', (error: Error) => {
    // What else failed since was said by the same disk.
    destination.on('error', () => {})
    say(
      `kernelseal: the log cannot be written: ${error.message}; up to ${held} characters are held, what comes then is lost\n`,
    )
  })
  return { write: (text) => destination.write(text), lost: () => lost }
}

function say(text: string): void {
  try {
    writeSync(STDERR, text)
  } catch {
    // Often the same disk. The metric counts what is lost.
  }
}
