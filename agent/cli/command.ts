/** The interface of a subcommand, and the exit statuses all of them share. */

export const EXIT = {
  ok: 0,
  /** it could not be done: no protection, a secret missing */
  failed: 1,
  /** the command line or a file it names is wrong */
  usage: 2,
} as const

export interface Command {
  readonly name: string
  /** One line for the list of commands. */
  readonly summary: string
  readonly help: string
  readonly run: (args: string[]) => Promise<number>
}

/** Writes an error to standard error, one line each. */
export function complain(text: string): void {
  for (const line of text.split('\n')) process.stderr.write(`kernelseal: ${line}\n`)
}
