/** The command line: finds the subcommand, turns its exceptions into a sentence and an exit status. */
import { complain, EXIT } from './cli/command.ts'
import { allCommands, COMMAND_NAMES, isCommand, loadCommand } from './cli/commands.ts'
import { asksForHelp, type Command } from './options/command.ts'
import { ConfigError, UsageError } from './policy/text/problems.ts'
import { didYouMean, quote } from './policy/text/suggest.ts'

async function main([name, ...args]: string[]): Promise<number> {
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

// Started without the options of agent/kernelseal, Node opens its inspector on this signal unless there is a listener.
process.on('SIGUSR1', () => {})

process.exitCode = await main(process.argv.slice(2)).catch(report)
