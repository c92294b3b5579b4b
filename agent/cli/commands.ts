/** All commands, loaded only when asked for (most need neither FFI nor an HTTP server), and the line that asks for one. */
import { asksForHelp, type Command } from '../options/command.ts'
import { ConfigError, UsageError } from '../policy/text/problems.ts'
import { didYouMean, quote } from '../policy/text/suggest.ts'
import { complain, EXIT } from './command.ts'

const COMMANDS = {
  run: async () => (await import('./run.ts')).run,
  exec: async () => (await import('./exec.ts')).exec,
  env: async () => (await import('./env.ts')).env,
  status: async () => (await import('./status.ts')).status,
  events: async () => (await import('./events.ts')).events,
  top: async () => (await import('./live/top.ts')).top,
  unload: async () => (await import('./unload.ts')).unload,
  doctor: async () => (await import('./doctor.ts')).doctor,
  inject: async () => (await import('./inject.ts')).inject,
  uninject: async () => (await import('./uninject.ts')).uninject,
  lint: async () => (await import('./lint.ts')).lint,
  check: async () => (await import('./check.ts')).check,
  explain: async () => (await import('./explain.ts')).explain,
  wait: async () => (await import('./wait.ts')).wait,
  sidecar: async () => (await import('./sidecar.ts')).sidecar,
  attack: async () => (await import('./attack.ts')).attack,
  bugtool: async () => (await import('./bugtool.ts')).bugtool,
  version: async () => (await import('./version.ts')).version,
  completion: async () => (await import('./completion.ts')).completion,
} as const satisfies Readonly<Record<string, () => Promise<Command>>>

type CommandName = keyof typeof COMMANDS
const COMMAND_NAMES = Object.keys(COMMANDS) as CommandName[]

const isCommand = (name: string): name is CommandName => Object.hasOwn(COMMANDS, name)

const loadCommand = (name: CommandName): Promise<Command> => COMMANDS[name]()

export const allCommands = (): Promise<Command[]> => Promise.all(COMMAND_NAMES.map(loadCommand))

/** Finds the command, and turns its exceptions into a sentence. @param words behind the program's name @returns the exit status */
export const runCommandLine = (words: readonly string[]): Promise<number> => answer(words).catch(report)

async function answer([name, ...args]: readonly string[]): Promise<number> {
  if (name === undefined) return print(await usage(), EXIT.usage)
  if (name === '--version') return (await loadCommand('version')).run(args)
  if (name === 'help' || isHelp(name)) return help(name === 'help' ? args : [])
  const command = await commandNamed(name)
  if (asksForHelp(args)) return print(command.help)
  return command.run(args)
}

const isHelp = (word: string): boolean => word === '--help' || word === '-h'

async function help([name, extra]: readonly string[]): Promise<number> {
  if (extra !== undefined) throw new UsageError(`${quote(extra)} is one word too many: \`kernelseal help COMMAND\``)
  const general = name === undefined || name === 'help' || isHelp(name)
  return print(general ? await usage() : (await commandNamed(name)).help)
}

async function commandNamed(name: string): Promise<Command> {
  if (isCommand(name)) return loadCommand(name)
  // `kernelseal -config FILE` started the agent before it had commands.
  const [, option] = /^--?(config|annotations)(=|$)/.exec(name) ?? []
  if (option !== undefined) throw new UsageError(`a command comes first: \`kernelseal run --${option} FILE\``)
  if (name.startsWith('-')) {
    const hint = didYouMean(name, ['--help', '--version'])
    throw new UsageError(`a command comes first, and only then options like ${quote(name)} (before it: ${hint})`)
  }
  throw new UsageError(`there is no command ${quote(name)} (${didYouMean(name, [...COMMAND_NAMES, 'help'])})`)
}

async function usage(): Promise<string> {
  const lines = (await allCommands()).map(({ name, summary }) => `  ${name.padEnd(10)} ${summary}`)
  const more = "'kernelseal help COMMAND' or 'kernelseal COMMAND --help' says more."
  return `usage: kernelseal COMMAND [options]\n\n${lines.join('\n')}\n\n${more}`
}

function print(text: string, status: number = EXIT.ok): number {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
  return status
}

function report(error: unknown): number {
  if (error instanceof ConfigError || error instanceof UsageError) {
    complain(error.message)
    return EXIT.usage
  }
  complain(process.env.KERNELSEAL_DEBUG ? String((error as Error).stack) : (error as Error).message)
  return EXIT.failed
}
