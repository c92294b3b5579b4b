/** `kernelseal env`: the placeholders of a config, to start a bound program by hand. */
import { parseArgs } from 'node:util'
import { loadAgentConfig } from '../config.ts'
import { type Command, complain, EXIT, UsageError } from './command.ts'

const HELP = `usage: kernelseal env --config FILE

Prints NAME=<placeholder> lines. With the agent running on the same config:

  env $(kernelseal env --config FILE) /path/to/program
`

export const env: Command = {
  name: 'env',
  summary: "a config's placeholders, as NAME=VALUE lines",
  help: HELP,
  run: main,
}

async function main(args: string[]): Promise<number> {
  const { config } = parseArgs({ args, options: { config: { type: 'string' } } }).values
  if (config === undefined) throw new UsageError('give --config FILE')
  const agent = loadAgentConfig({ config })
  for (const warning of agent.warnings) complain(warning)
  for (const { name, placeholder } of agent.variables) process.stdout.write(`${name}=${placeholder}\n`)
  return EXIT.ok
}
