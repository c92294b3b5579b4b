/** The exit statuses that all commands share, and how they complain. */

export const EXIT = {
  ok: 0,
  /** it could not be done: no protection, a secret missing */
  failed: 1,
  /** the command line or a file it names is wrong */
  usage: 2,
} as const

/** Writes an error to standard error, one line each. */
export function complain(text: string): void {
  for (const line of text.split('\n')) process.stderr.write(`kernelseal: ${line}\n`)
}
