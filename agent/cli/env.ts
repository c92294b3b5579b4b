/** `kernelseal env`: the placeholders of a config, to start a bound program by hand. */

import { environmentText, writeEnvironmentFile } from '../config/environment-file.ts'
import { loadAgentConfig } from '../config/load.ts'
import { command } from '../options/command.ts'
import { reasonOf } from '../options/file-fault.ts'
import type { NothingLeft, Values } from '../options/table.ts'
import { UsageError } from '../policy/text/problems.ts'
import { quote } from '../policy/text/suggest.ts'
import { complain, EXIT } from './command.ts'

const TEXT = `Prints NAME=<placeholder> lines. With the agent running on the same config:

  env $(kernelseal env --config FILE) /path/to/program`

const OPTIONS = {
  config: { value: 'FILE', completes: 'files', help: 'the config file of the agent' },
  output: {
    value: 'FILE',
    completes: 'files',
    help: "into a file instead, which is there whole or not at all, for a unit's EnvironmentFile=",
  },
} as const

export const env = command({
  name: 'env',
  summary: "a config's placeholders, as NAME=VALUE lines",
  usage: '--config FILE [--output FILE]',
  text: TEXT,
  options: OPTIONS,
  exit: '0, 1 when FILE cannot be written, 2 for a wrong configuration.',
  run: main,
})

async function main({ config, output, ...left }: Values<typeof OPTIONS>): Promise<number> {
  left satisfies NothingLeft
  if (config === undefined) throw new UsageError('give --config FILE')
  const agent = loadAgentConfig({ config })
  for (const warning of agent.warnings) complain(warning)
  if (output === undefined) process.stdout.write(environmentText(agent.variables))
  else write(output, agent.variables)
  return EXIT.ok
}

function write(path: string, variables: Parameters<typeof writeEnvironmentFile>[1]): void {
  try {
    writeEnvironmentFile(path, variables)
  } catch (error) {
    const hint = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'its directory is missing' : reasonOf(error)
    throw new Error(`cannot write ${quote(path)}: ${hint}`, { cause: error })
  }
}
