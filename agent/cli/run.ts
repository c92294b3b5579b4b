/** `kernelseal run`: the agent, as a Pod's sidecar or on any Linux host. */

import { once } from 'node:events'
import { isIP } from 'node:net'
import { parseArgs } from 'node:util'
import { type AgentConfig, admittedPolicy, type ConfigOptions, loadAgentConfig } from '../config/load.ts'
import { VERSION } from '../config/version.ts'
import { type Log, type LogFormat, openLog } from '../events/sinks/log.ts'
import { openOutput, STDOUT } from '../events/sinks/output.ts'
import { forbidDumps } from '../linux/libc.ts'
import { trimAfterStart } from '../linux/memory.ts'
import { goLast } from '../linux/oom-score.ts'
import { UsageError } from '../policy/text/problems.ts'
import { type Health, keepListening } from '../run/health.ts'
import { openObservers } from '../run/outputs.ts'
import { openReadySocket, ownPidNamespace, type ReadySocket, readySocketPath } from '../run/ready-socket.ts'
import { type Session, startSession } from '../run/session.ts'
import { cgroupPath, cgroupScope } from '../scope/cgroup.ts'
import { scopeNumber } from '../scope/scope.ts'
import { openSources } from '../sources/sources.ts'
import { VAULT_HELP, vaultSettings } from '../sources/vault/settings.ts'
import { openVault } from '../sources/vault/vault.ts'
import { type Command, EXIT } from './command.ts'

const HELP = `usage: kernelseal run [options]

Loads the kernel programs, registers the scope and stays until SIGTERM. As a Pod's sidecar it needs no options.
Changed secrets and annotations are noticed; SIGHUP reads everything anew, a config file too.

  --config FILE          bindings and policy from a config file (a plain host); otherwise the Pod's annotations
  --annotations FILE     the Pod's annotations as the downward API writes them
  --allow-literal        values may stand in the annotations (source.value); in a config file they always may
  --file-root DIR        the annotations may name files below DIR (source.fileRef); repeatable. Without it they may name none;
                         a config file may name any
  --lock-policy          refuse changes of a running policy that weaken it
  --pid-namespace PATH   protect this PID namespace, for example /proc/4711/ns/pid (default: the agent's own)
  --cgroup PATH          protect the processes of this control group and of those below it, for example
                         system.slice/shop.service; it need not be there yet. The agent runs outside of it
  --stay                 protection and delivery stay when the agent ends, as they do in a Pod: a service that is restarted leaves no
                         gap. \`kernelseal unload\` takes them away
  --metrics-port PORT    /metrics, /healthz and /readyz (default: monitoring.metricsPort, 9090)
  --metrics-host ADDRESS where to listen with it (default: every address in a Pod, 127.0.0.1 on a host)
  --log-format FORMAT    text or json (default: text on a terminal, json otherwise)

From the environment, for secrets in HashiCorp Vault or OpenBao:

${VAULT_HELP}
Exit status: 0 after SIGTERM or SIGINT, 1 when protection or a secret is not to be had, 2 for a wrong configuration.
`

export interface RunOptions extends ConfigOptions {
  readonly 'lock-policy'?: boolean
  readonly 'pid-namespace'?: string
  readonly cgroup?: string
  readonly stay?: boolean
  readonly 'metrics-port'?: string
  readonly 'metrics-host'?: string
  readonly 'log-format'?: string
}

export const RUN_OPTIONS = {
  config: { type: 'string' },
  annotations: { type: 'string' },
  'allow-literal': { type: 'boolean' },
  'file-root': { type: 'string', multiple: true },
  'lock-policy': { type: 'boolean' },
  'pid-namespace': { type: 'string' },
  cgroup: { type: 'string' },
  stay: { type: 'boolean' },
  'metrics-port': { type: 'string' },
  'metrics-host': { type: 'string' },
  'log-format': { type: 'string' },
} as const

export const run: Command = { name: 'run', summary: 'the agent: protect a Pod or a host', help: HELP, run: main }

function main(args: string[]): Promise<number> {
  return runAgent(parseArgs({ args, options: RUN_OPTIONS }).values)
}

export async function runAgent(options: RunOptions): Promise<number> {
  const locked = options['lock-policy'] ?? false
  const agent = loadAgentConfig({ ...options, admitted: locked ? admittedPolicy(process.env) : undefined })
  const vault = vaultSettings(process.env)
  const cgroup = cgroupOf(options, agent)
  const scope = cgroup ? cgroupScope(cgroup) : scopeNumber(options['pid-namespace'])
  const format = logFormat(options)
  const port = metricsPort(options, agent)
  metricsHost(options, agent)
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
  const readiness = hasReadySocket(agent) ? await openReadiness(notReady, log) : undefined
  const reload = (): void => void session?.reload()
  process.on('SIGHUP', reload)
  try {
    session = await startSession({
      agent,
      scope,
      cgroup,
      log,
      sources: openSources(vault && openVault(vault), agent.host ? undefined : (options['file-root'] ?? [])),
      load: () => loadAgentConfig(options),
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

/** On a host there is no network policy around the port. @throws UsageError */
function metricsHost({ 'metrics-host': given }: RunOptions, { host }: AgentConfig): string {
  if (given === undefined) return host ? '127.0.0.1' : ''
  if (given === '' || isIP(given)) return given
  throw new UsageError(`--metrics-host is an IP address, or empty for every one, not \`${given}\``)
}

/** @throws UsageError */
function cgroupOf({ cgroup, ...options }: RunOptions, { host }: AgentConfig): string | undefined {
  if (cgroup === undefined) return undefined
  if (options['pid-namespace']) throw new UsageError('`--cgroup` or `--pid-namespace`: a scope is one of them')
  if (!host) throw new UsageError('`--cgroup` goes with --config: a Pod is a scope of its own')
  try {
    return cgroupPath(cgroup)
  } catch (error) {
    throw new UsageError(`--cgroup ${(error as Error).message}`)
  }
}

function announce(agent: AgentConfig, log: Log): void {
  const { config, where, variables } = agent
  log.say('info', 'START', `Starting KernelSeal Sidecar - Secret Protection System ${VERSION}`, { version: VERSION })
  for (const warning of agent.warnings) log.say('warn', 'CONFIG', warning)
  log.say('info', 'CONFIG', `Loaded KernelSeal configuration from ${where}`, { where })
  log.say('info', 'CONFIG', `Policy applied: mode=${config.policy.mode}`, { policy: config.policy })
  for (const binding of config.secrets) {
    const whom = binding.selector.binary ? `binary: ${binding.selector.binary}` : 'the entrypoint'
    log.say('info', 'REGISTER', `Registered ${binding.secretRefs.length} secrets for ${whom}`, {
      binding: binding.name,
    })
  }
  if (!variables.length) log.say('warn', 'CONFIG', 'no variable is bound: nothing will be delivered')
}

function logFormat(options: RunOptions): LogFormat {
  const format = options['log-format'] ?? (process.stdout.isTTY ? 'text' : 'json')
  if (format !== 'text' && format !== 'json')
    throw new UsageError(`--log-format is \`text\` or \`json\`, not \`${format}\``)
  return format
}

function metricsPort(options: RunOptions, { config }: AgentConfig): number {
  const port = Number(options['metrics-port'] ?? config.monitoring.metricsPort)
  if (Number.isInteger(port) && port >= 0 && port < 65536) return port
  throw new UsageError(`--metrics-port is a number below 65536, not \`${options['metrics-port']}\``)
}
