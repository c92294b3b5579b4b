/** The webhook's program beside its work: help, version, completion for shells. */
import { asksForHelp } from '../agent/options/command.ts'
import { type Program, SHELLS, type Shell } from '../agent/options/completion/program.ts'
import { completionScript } from '../agent/options/completion/script.ts'
import { parseOptions } from '../agent/options/parse.ts'
import type { Words } from '../agent/options/table.ts'
import { versionText } from '../agent/options/version.ts'
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

/** @returns the text to print, or undefined where the webhook is to run; @throws UsageError */
export function commandOutput(args: readonly string[]): string | undefined {
  const [name = '', ...rest] = args
  if (name === 'help' || asksForHelp(args)) return helpText()
  if (args.includes('--version')) return versionText(NAME, VERSION, false)
  if (name === 'version') return versionText(NAME, VERSION, parseOptions(VERSION_OPTIONS, rest).values.json)
  if (name !== 'completion') return undefined
  const [shell = ''] = parseOptions({}, rest, SHELL).words
  // `parseOptions` has refused any other word, not the lack of one.
  return shell === '' ? helpText() : completionScript(shell as Shell, PROGRAM)
}
