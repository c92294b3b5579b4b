/** The webhook's program beside its work: help, version, completion for shells. */
import { asksForHelp } from '../agent/options/command.ts'
import { type Program, SHELLS, type Shell } from '../agent/options/completion/program.ts'
import { completionScript } from '../agent/options/completion/script.ts'
import { HELP_OPTION } from '../agent/options/help.ts'
import { parseOptions } from '../agent/options/parse.ts'
import type { Words } from '../agent/options/table.ts'
import { versionText } from '../agent/options/version.ts'
import { UsageError } from '../agent/policy/text/problems.ts'
import { didYouMean, quote } from '../agent/policy/text/suggest.ts'
import { helpText } from './settings/help.ts'
import { OPTIONS } from './settings/options.ts'
import { VERSION } from './version.ts'

const NAME = 'kernelseal-webhook'
const VERSION_OPTIONS = { json: { help: 'as JSON' } } as const
const SHELL: Words = { value: 'SHELL', completes: SHELLS, most: 1 }

const PROGRAM: Program = {
  name: NAME,
  options: { ...OPTIONS, version: { help: 'the version' } },
  commands: [
    { name: 'version', summary: 'of this program and its runtime', options: VERSION_OPTIONS },
    { name: 'completion', summary: 'for bash, zsh or fish', options: {}, words: SHELL },
    { name: 'help', summary: 'of all options', options: {} },
  ],
}

const NAMES = PROGRAM.commands.map(({ name }) => name)

/** @returns the text to print, or undefined where the webhook is to run; @throws UsageError */
export function commandOutput(args: readonly string[]): string | undefined {
  const [name = '', ...rest] = args
  if (name === 'help') parseOptions({ help: HELP_OPTION }, rest, { value: 'COMMAND', completes: NAMES, most: 1 })
  if (name === 'help' || asksForHelp(args)) return helpText()
  if (args.includes('--version')) return versionText(NAME, VERSION, args.includes('--json'))
  if (name === 'version') return versionText(NAME, VERSION, parseOptions(VERSION_OPTIONS, rest).values.json)
  if (name === 'completion') return completionOf(rest)
  if (name === '' || name.startsWith('-')) return undefined
  throw new UsageError(`there is no command ${quote(name)} (${didYouMean(name, NAMES)})`)
}

function completionOf(args: readonly string[]): string {
  const [shell] = parseOptions({}, args, SHELL).words
  // `parseOptions` has refused any other word, not the lack of one.
  if (shell === undefined) throw new UsageError(`give the shell: ${SHELLS.join(', ')}`)
  return completionScript(shell as Shell, PROGRAM)
}
