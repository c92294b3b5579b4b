/** The command line: finds the subcommand, turns its exceptions into a sentence and an exit status. */
import { type Command, complain, EXIT } from './cli/command.ts'
import { ConfigError, UsageError } from './policy/text/problems.ts'

/** Loaded only when asked for: most commands need neither FFI nor an HTTP server. */
const COMMANDS: Record<string, () => Promise<Command>> = {
  run: async () => (await import('./cli/run.ts')).run,
  exec: async () => (await import('./cli/exec.ts')).exec,
  env: async () => (await import('./cli/env.ts')).env,
  status: async () => (await import('./cli/status.ts')).status,
  events: async () => (await import('./cli/events.ts')).events,
  top: async () => (await import('./cli/top.ts')).top,
  unload: async () => (await import('./cli/unload.ts')).unload,
  doctor: async () => (await import('./cli/doctor.ts')).doctor,
  inject: async () => (await import('./cli/inject.ts')).inject,
  uninject: async () => (await import('./cli/uninject.ts')).uninject,
  lint: async () => (await import('./cli/lint.ts')).lint,
  explain: async () => (await import('./cli/explain.ts')).explain,
  wait: async () => (await import('./cli/wait.ts')).wait,
  sidecar: async () => (await import('./cli/sidecar.ts')).sidecar,
  attack: async () => (await import('./cli/attack.ts')).attack,
}

async function main([name, ...args]: string[]): Promise<number> {
  if (name === '--version') return print((await import('./config/version.ts')).VERSION)
  if (name === undefined || name === '--help' || name === 'help')
    return print(await usage(), name ? EXIT.ok : EXIT.usage)
  const load = COMMANDS[name]
  if (!load) throw new UsageError(`there is no command \`${name}\`; there are ${Object.keys(COMMANDS).join(', ')}`)
  const command = await load()
  if (ownPart(args).includes('--help')) return print(command.help)
  return command.run(args)
}

/** The words after `--` are the command line of another program. */
function ownPart(args: readonly string[]): readonly string[] {
  return args.includes('--') ? args.slice(0, args.indexOf('--')) : args
}

async function usage(): Promise<string> {
  const commands = await Promise.all(Object.values(COMMANDS).map((load) => load()))
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(10)} ${summary}`)
  return `usage: kernelseal COMMAND [options]\n\n${lines.join('\n')}\n\n'kernelseal COMMAND --help' says more.`
}

function print(text: string, status: number = EXIT.ok): number {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
  return status
}

function report(error: unknown): number {
  if (error instanceof ConfigError || error instanceof UsageError || isArgumentError(error)) {
    complain((error as Error).message)
    return EXIT.usage
  }
  complain(process.env.KERNELSEAL_DEBUG ? String((error as Error).stack) : (error as Error).message)
  return EXIT.failed
}

/** An error of node:util's parseArgs. */
function isArgumentError(error: unknown): boolean {
  return String((error as NodeJS.ErrnoException).code ?? '').startsWith('ERR_PARSE_ARGS')
}

// Started without the options of agent/kernelseal, Node opens its inspector on this signal unless there is a listener.
process.on('SIGUSR1', () => {})

process.exitCode = await main(process.argv.slice(2)).catch(report)
