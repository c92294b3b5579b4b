/** The inner half of `kernelseal exec`: the agent of a PID namespace that is its own, and the init of it. */
import { once } from 'node:events'
import { openLog } from '../events/sinks/log.ts'
import { openOutput, STDERR } from '../events/sinks/output.ts'
import { forbidDumps } from '../linux/libc.ts'
import { becomeInit } from '../linux/namespaces.ts'
import { startSession } from '../run/session.ts'
import { scopeNumber } from '../scope/scope.ts'
import { openSources } from '../sources/sources.ts'
import { type ExecOptions, execConfig, sourcesOf } from './bindings.ts'
import { takeVariables } from './environment.ts'
import { reapOrphans } from './orphans.ts'

/** Where it inherits the environment of the outer half. */
const ENVIRONMENT_FD = 3

/** The message to the outer half once protection stands; nothing in it is secret. */
export interface ExecReady {
  readonly placeholders: Readonly<Record<string, string>>
  /** Variables with secret values: the command does not get them. */
  readonly sources: readonly string[]
  readonly scope: number
}

/**
 * Service managers and terminals send these to all processes; for the agent they are too early: the command is still
 * ending.
 */
const NOT_OURS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const

/**
 * Serves until the outer half hangs up or is gone. Standard output is the command's; messages go to standard error,
 * as a rule only errors.
 */
export async function serve(options: ExecOptions & { readonly verbose: boolean }): Promise<void> {
  becomeInit()
  const ended = once(process, 'disconnect')
  for (const signal of NOT_OURS) process.on(signal, () => {})
  forbidDumps()
  const agent = execConfig(options)
  const load = () => execConfig(options, agent.identity)
  const sources = sourcesOf(agent.config)
  takeVariables(ENVIRONMENT_FD, sources)
  const log = openLog('text', options.verbose ? 'info' : 'warn', openOutput(STDERR))
  for (const warning of agent.warnings) log.say('warn', 'CONFIG', warning)
  const scope = scopeNumber()
  const session = await startSession({ agent, scope, log, sources: openSources(), load, locked: false, stays: true })
  const stopReaping = reapOrphans()
  const placeholders = Object.fromEntries(agent.variables.map(({ name, placeholder }) => [name, placeholder]))
  process.send?.({ placeholders, sources, scope } satisfies ExecReady)
  await ended
  stopReaping()
  await session.close()
}
