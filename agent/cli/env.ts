/** `kernelseal env`: the placeholders of a config, to start a bound program by hand. */

import { renameSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { loadAgentConfig } from '../config/load.ts'
import { UsageError } from '../policy/text/problems.ts'
import { type Command, complain, EXIT } from './command.ts'

const HELP = `usage: kernelseal env --config FILE [--output FILE]

Prints NAME=<placeholder> lines. With the agent running on the same config:

  env $(kernelseal env --config FILE) /path/to/program

  --output FILE   into a file instead, which is there whole or not at all, for a unit's EnvironmentFile=
`

export const env: Command = {
  name: 'env',
  summary: "a config's placeholders, as NAME=VALUE lines",
  help: HELP,
  run: main,
}

async function main(args: string[]): Promise<number> {
  const options = { config: { type: 'string' }, output: { type: 'string' } } as const
  const { config, output } = parseArgs({ args, options }).values
  if (config === undefined) throw new UsageError('give --config FILE')
  const agent = loadAgentConfig({ config })
  for (const warning of agent.warnings) complain(warning)
  const lines = agent.variables.map(({ name, placeholder }) => `${name}=${placeholder}\n`).join('')
  if (output === undefined) process.stdout.write(lines)
  else replace(output, lines)
  return EXIT.ok
}

function replace(path: string, text: string): void {
  const aside = `${path}.${process.pid}`
  writeFileSync(aside, text, { mode: 0o600 })
  renameSync(aside, path)
}
