/** `kernelseal exec`: one command with its secrets and a seal, on a machine without a daemon, a config file or a Pod. */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync } from 'node:fs'
import type { ExecReady } from '../exec/agent.ts'
import { runCommand } from '../exec/command.ts'
import { memoryOf, ownEnvironment, wipe } from '../exec/environment.ts'
import { missingCapabilities, NEEDED } from '../linux/capabilities.ts'
import { isInit, startInit } from '../linux/namespaces.ts'
import { command as defineCommand, type Line } from '../options/command.ts'
import type { Values } from '../options/table.ts'
import { SERVER_HELP, SERVER_VARIABLES } from '../sources/server-variables.ts'
import { complain, EXIT } from './command.ts'

const TEXT = `Starts COMMAND with its secrets in its environment, sealed, and ends with its exit status. COMMAND and its children run in a PID
namespace of their own, with an agent for it that lives as long as COMMAND: no daemon is needed, and processes that COMMAND leaves
running end with it. The machine's root is refused its environment and memory like every other user.`

const NOTES = `The caller of this command still has the variables it passed on; a file is the better source. To drop privileges let
COMMAND do so: kernelseal exec --secret TOKEN=file:/etc/app/token -- setpriv --reuid app --regid app --init-groups /usr/bin/app

From the environment, for secrets on other servers, which --config names; COMMAND does not get these variables:

${SERVER_HELP}`

const OPTIONS = {
  secret: {
    value: 'NAME=REF',
    completes: 'nothing',
    multiple: true,
    help: "the variable NAME; REF is file:<absolute path>, or env:<NAME> for a variable of this command's own environment, which COMMAND then does not get",
  },
  config: {
    value: 'FILE',
    completes: 'files',
    help: 'bindings and policy from a config file; a binding without a binary is COMMAND itself',
  },
  verbose: { help: "the agent's log on standard error; otherwise only warnings: refused accesses and failures" },
} as const

export const exec = defineCommand({
  name: 'exec',
  summary: 'one command with its secrets, sealed',
  usage: '[options] -- COMMAND [ARGUMENT...]',
  text: TEXT,
  options: OPTIONS,
  after: true,
  notes: NOTES,
  exit: `COMMAND's own, 128+N when signal N ended it, 126 or 127 when it could not be started; 1 when protection or a secret
is not to be had, 2 for a wrong command line or configuration.`,
  run: main,
})

/** The agent needs milliseconds. */
const STOP_MS = 10_000

async function main(values: Values<typeof OPTIONS>, { own, after: command = [] }: Line): Promise<number> {
  if (!isInit()) {
    requireRights()
    return runOutside(own, command)
  }
  const { serve } = await import('../exec/agent.ts')
  await serve(values).finally(() => process.connected && process.disconnect())
  return EXIT.ok
}

/** Raising the limit of locked memory takes one more than the agent of a Pod has. */
const RIGHTS = { ...NEEDED, CAP_SYS_RESOURCE: 24 }

/** Before anything is started: otherwise some system call in the middle fails with EPERM. */
export function requireRights(missing = missingCapabilities(RIGHTS) ?? []): void {
  const root = process.getuid?.() === 0
  if (root && missing.length === 0) return
  const lacks = missing.length
    ? `${root ? 'this root' : 'this user'} lacks ${missing.join(', ')}`
    : 'this user is not root'
  throw new Error(
    `the command is sealed by kernel programs, which root loads, and ${lacks}; start it by root outside of containers, and ask \`kernelseal doctor\` about the rest`,
  )
}

/** This process is in neither: parent of the agent and of the command, so that the command is the namespace's entrypoint. */
async function runOutside(own: readonly string[], command: readonly string[]): Promise<number> {
  const strings = ownEnvironment()
  const agent = startAgent(own, strings)
  const answer = await Promise.race([once(agent, 'message'), once(agent, 'exit')])
  const ready = answer[0] as ExecReady | number | null
  if (ready === null || typeof ready === 'number') {
    await end(agent, undefined)
    return ready ?? EXIT.failed // it has said why
  }
  wipe(strings, ready.sources)
  const lost = (): void => complain('the agent has ended, and all that ran under it')
  agent.once('exit', lost)
  const status = await runCommand(command, commandEnvironment(process.env, ready), complain)
  agent.off('exit', lost)
  await end(agent, ready.scope)
  return status
}

/** In a session of its own: the terminal's signals are for the command. Its descriptor 3 is the environment. */
function startAgent(own: readonly string[], strings: Buffer): ChildProcess {
  const memory = memoryOf(strings)
  try {
    const options = { env: agentEnvironment(process.env), detached: true } as const
    const args = ['exec', ...own, '--', 'agent']
    return startInit(args, 'slave', { ...options, stdio: ['ignore', 'ignore', 'inherit', memory, 'ipc'] })
  } finally {
    closeSync(memory)
  }
}

/** By name: the values of others may be secrets, and are not read here. */
export function agentEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const compileCache = ['NODE_COMPILE_CACHE', 'NODE_COMPILE_CACHE_PORTABLE']
  const names = ['PATH', 'TMPDIR', 'KERNELSEAL_DEBUG', 'KERNELSEAL_SECRETS_DIR', ...compileCache, ...SERVER_VARIABLES]
  return Object.fromEntries(names.map((name) => [name, env[name]] as const).filter(([, value]) => value !== undefined))
}

/** Without the sources of its secrets, and without the way to the servers that the agent asks. */
export function commandEnvironment(
  env: NodeJS.ProcessEnv,
  { placeholders, sources }: Pick<ExecReady, 'placeholders' | 'sources'>,
): Record<string, string> {
  const hidden: readonly string[] = [...sources, ...SERVER_VARIABLES]
  const names = Object.keys(env).filter((name) => !hidden.includes(name))
  return { ...Object.fromEntries(names.map((name) => [name, env[name] as string])), ...placeholders }
}

/** Everything in the namespace ends with the agent. */
async function end(agent: ChildProcess, scope: number | undefined): Promise<void> {
  if (agent.connected) {
    const ended = once(agent, 'exit')
    const late = setTimeout(() => agent.kill('SIGKILL'), STOP_MS)
    agent.disconnect()
    await ended
    clearTimeout(late)
  }
  const { clearUp } = await import('../exec/end.ts')
  await clearUp(scope)
}
