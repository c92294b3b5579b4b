/** A command of either program: its table and the function that does its work. */
import { UsageError } from '../policy/text/problems.ts'
import { optionLines } from './help.ts'
import { parseOptions, splitAtDashes } from './parse.ts'
import type { Options, Values, Words } from './table.ts'

/** A command line, taken apart. */
export interface Line {
  /** Everything before `--`. */
  readonly own: readonly string[]
  /** Those between the options. */
  readonly words: readonly string[]
  /** Everything after `--`: the command line of another program. Undefined without one. */
  readonly after: readonly string[] | undefined
}

export interface About<O extends Options> {
  readonly name: string
  /** One line for the list of commands. */
  readonly summary: string
  /** After the name in `usage:`. */
  readonly usage: string
  readonly text: string
  readonly options: O
  readonly words?: Words
  /** The command line of another program follows after `--`. */
  readonly after?: true
  /** After the options. */
  readonly notes?: string
  /** The meaning of each exit status. */
  readonly exit: string
  readonly run: (values: Values<O>, line: Line) => Promise<number>
}

export interface Command extends Pick<About<Options>, 'name' | 'summary' | 'options' | 'words' | 'after'> {
  readonly help: string
  /** @throws UsageError for a command line that does not fit the table */
  readonly run: (args: readonly string[]) => Promise<number>
}

export function command<const O extends Options>(about: About<O>): Command {
  const { name, summary, options, words, after } = about
  const rare = { ...(words && { words }), ...(after && { after }) }
  return { name, summary, options, ...rare, help: helpOf(about), run: (args) => runLine(about, args) }
}

async function runLine<O extends Options>(
  { options, words: wanted, run, ...about }: About<O>,
  args: readonly string[],
) {
  const { own, after } = splitAtDashes(args)
  if (about.after && !after?.length) throw new UsageError('give the command to start after `--`')
  if (after !== undefined && !about.after) throw new UsageError('`--` has no meaning here: no other program is started')
  const { values, words } = parseOptions(options, own, wanted)
  return run(values, { own, words, after })
}

function helpOf({ name, usage, text, options, notes, exit }: Omit<About<Options>, 'run'>): string {
  const parts = [text, optionLines(options), notes, `Exit status: ${exit}`].flatMap((part) => part?.trimEnd() ?? [])
  return `usage: kernelseal ${name} ${usage}\n\n${parts.join('\n\n')}\n`
}

/** Whether the help is asked for, and not by a word that belongs to another program. */
export function asksForHelp(args: readonly string[]): boolean {
  const { own } = splitAtDashes(args)
  return own.includes('--help') || own.includes('-h')
}
