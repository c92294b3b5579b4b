/** `kernelseal run`: the agent, as a Pod's sidecar or on any Linux host. */

import { once } from 'node:events'
import { writeEnvironmentFile } from '../config/environment-file.ts'
import { type AgentConfig, admittedPolicy, loadAgentConfig } from '../config/load.ts'
import { VERSION } from '../config/version.ts'
import { type Log, openLog } from '../events/sinks/log.ts'
import { openOutput, STDOUT } from '../events/sinks/output.ts'
import { requireCapabilities } from '../linux/capabilities.ts'
import { forbidDumps } from '../linux/libc.ts'
import { trimAfterStart } from '../linux/memory.ts'
import { goLast } from '../linux/oom-score.ts'
import { command } from '../options/command.ts'
import { type Health, keepListening } from '../run/health.ts'
import { openObservers } from '../run/outputs.ts'
import { openReadySocket, ownPidNamespace, type ReadySocket, readySocketPath } from '../run/ready-socket.ts'
import { type Session, startSession } from '../run/session.ts'
import { cgroupScope } from '../scope/cgroup.ts'
import { scopeNumber } from '../scope/scope.ts'
import { openRemotes, openSources } from '../sources/sources.ts'
import { EXIT } from './command.ts'
import {
  cgroupOf,
  logFormat,
  metricsHost,
  metricsPort,
  NOTES,
  RUN_OPTIONS,
  type RunOptions,
  STATUSES,
  TEXT,
} from './run-options.ts'

export const run = command({
  name: 'run',
  summary: 'the agent: protect a Pod or a host',
  usage: '[options]',
  text: TEXT,
  options: RUN_OPTIONS,
  notes: NOTES,
  exit: STATUSES,
  run: runAgent,
})

export async function runAgent(options: RunOptions): Promise<number> {
  const { 'lock-policy': locked = false, 'environment-file': environmentFile } = options
  const agent = loadAgentConfig({ ...options, admitted: locked ? admittedPolicy(process.env) : undefined })
  const remotes = openRemotes(process.env)
  const cgroup = cgroupOf(options, agent)
  const scope = cgroup ? cgroupScope(cgroup) : scopeNumber(options['pid-namespace'])
  const format = logFormat(options)
  const port = metricsPort(options, agent)
  metricsHost(options, agent)
  requireCapabilities()
  const output = openOutput(STDOUT)
  const observers = openObservers(agent.host, scope, openLog(format, agent.config.monitoring.logLevel, output), output)
  const { log } = observers
  forbidDumps()
  goLast()
  announce(agent, log)
  let session: Session | undefined
  const stopped = Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')])
  let health: Health | undefined
  const notReady = () => (session ? session.notReady() : 'protection does not stand yet')
  const { read: reload, isReading } = openReading(async () => session?.reload())
  const readiness = hasReadySocket(agent) ? await openReadiness(() => isReading() ?? notReady(), log) : undefined
  process.on('SIGHUP', reload)
  try {
    session = await startSession({
      agent,
      scope,
      cgroup,
      log,
      sources: openSources(remotes, agent.host ? undefined : (options['file-root'] ?? [])),
      load: () => loadAgentConfig(options),
      applied: ({ variables }) => environmentFile && writeEnvironmentFile(environmentFile, variables),
      locked,
      stays: !agent.host || (options.stay ?? false),
    })
    await observers.stands(session)
    const { enabled } = agent.config.monitoring
    if (serves(agent)) health = keepListening({ host: metricsHost(options, agent), port, enabled }, session, log)
    log.say('info', 'OK', 'KernelSeal is running: protection stands')
    trimAfterStart()
    await stopped
    log.say('info', 'STOP', 'signal received')
    return EXIT.ok
  } finally {
    process.off('SIGHUP', reload)
    await session?.close()
    await observers.close()
    readiness?.close()
    health?.close()
  }
}

/** While SIGHUP is being worked on, `kernelseal wait` goes on waiting: a unit's ExecReload= ends when the new state holds. */
function openReading(read: () => Promise<void>): { read: () => void; isReading: () => string | undefined } {
  let running = 0
  const start = async (): Promise<void> => {
    running++
    await read()
    running--
  }
  return { read: () => void start(), isReading: () => (running > 0 ? 'the configuration is being read' : undefined) }
}

/** In a shell on a host there is no place for it that is this agent's alone: `/readyz` answers there. */
const hasReadySocket = ({ host }: AgentConfig): boolean => !host || Boolean(process.env.RUNTIME_DIRECTORY)

/** For `kernelseal wait`: the startup probe of a Pod, and what a systemd unit starts after its agent. */
async function openReadiness(notReady: () => string | undefined, log: Log): Promise<ReadySocket | undefined> {
  const path = readySocketPath(ownPidNamespace())
  try {
    return await openReadySocket(path, notReady)
  } catch (error) {
    const text = `\`${path}\` cannot be listened on (${(error as Error).message}): \`kernelseal wait\` will fail; is its directory writable?`
    log.say('error', 'HEALTH', text)
    return undefined
  }
}

/** `/readyz` is for people and their tools, in a Pod whether or not there are metrics. */
function serves({ config, host }: AgentConfig): boolean {
  return config.monitoring.enabled || !host
}

function announce(agent: AgentConfig, log: Log): void {
  const { config, where, variables } = agent
  log.say('info', 'START', `Starting KernelSeal Sidecar - Secret Protection System ${VERSION}`, { version: VERSION })
  for (const warning of agent.warnings) log.say('warn', 'CONFIG', warning)
  log.say('info', 'CONFIG', `Loaded KernelSeal configuration from ${where}`, { where })
  for (const text of agent.followed) log.say('info', 'CONFIG', text)
  log.say('info', 'CONFIG', `Policy applied: mode=${config.policy.mode}`, { policy: config.policy })
  for (const binding of config.secrets) {
    const whom = binding.selector.binary ? `binary: ${binding.selector.binary}` : 'the entrypoint'
    log.say('info', 'REGISTER', `Registered ${binding.secretRefs.length} secrets for ${whom}`, {
      binding: binding.name,
    })
  }
  if (!variables.length) log.say('warn', 'CONFIG', 'no variable is bound: nothing will be delivered')
}
