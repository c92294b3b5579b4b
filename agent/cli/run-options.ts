/** The options of `kernelseal run`: their help, and their values once they are checked. */
import { isIP } from 'node:net'
import type { AgentConfig } from '../config/load.ts'
import type { LogFormat } from '../events/sinks/log.ts'
import type { Values } from '../options/table.ts'
import { UsageError } from '../policy/text/problems.ts'
import { cgroupPath } from '../scope/cgroup.ts'
import { SERVER_HELP } from '../sources/server-variables.ts'

export const TEXT = `Loads the kernel programs, registers the scope and stays until SIGTERM. As a Pod's sidecar it needs no options.
Changed secrets and annotations are noticed; SIGHUP reads everything anew, a config file too.`

export const NOTES = `From the environment, for secrets on other servers:

${SERVER_HELP}`

export const STATUSES =
  '0 after SIGTERM or SIGINT, 1 when protection or a secret is not to be had, 2 for a wrong configuration.'

const FILE = { value: 'FILE', completes: 'files' } as const

export const RUN_OPTIONS = {
  config: {
    ...FILE,
    help: "bindings and policy from a config file (a plain host); otherwise the Pod's annotations, or /etc/kernelseal/config.yaml where there are none",
  },
  annotations: { ...FILE, help: "the Pod's annotations as the downward API writes them" },
  'allow-literal': {
    help: 'values may stand in the annotations (source.value); in a config file they always may',
  },
  'file-root': {
    value: 'DIR',
    completes: 'directories',
    multiple: true,
    help: 'the annotations may name files below DIR (source.fileRef). Without it they may name none; a config file may name any',
  },
  'lock-policy': { help: 'refuse changes of a running policy that weaken it' },
  'pid-namespace': {
    value: 'PATH',
    completes: 'files',
    help: "protect this PID namespace, for example /proc/4711/ns/pid, instead of the agent's own",
  },
  cgroup: {
    value: 'PATH',
    completes: 'nothing',
    help: 'protect the processes of this control group and of those below it, for example system.slice/shop.service; it need not be there yet. The agent runs outside of it',
  },
  stay: {
    help: 'protection and delivery stay when the agent ends, as they do in a Pod: a service that is restarted leaves no gap. `kernelseal unload` takes them away',
  },
  'environment-file': {
    ...FILE,
    help: "keeps the placeholders in FILE for a unit's EnvironmentFile=: written before the agent is ready, and with each change of the config file",
  },
  'metrics-port': {
    value: 'PORT',
    completes: 'nothing',
    help: '/metrics, /healthz and /readyz, instead of monitoring.metricsPort, which is 9090 unless the configuration says',
  },
  'metrics-host': {
    value: 'ADDRESS',
    completes: 'nothing',
    help: 'where to listen with it. Without it every address in a Pod, 127.0.0.1 on a host',
  },
  'log-format': {
    value: 'FORMAT',
    completes: ['text', 'json'],
    help: 'of the log. Without it text on a terminal, JSON otherwise',
  },
} as const

export type RunOptions = Values<typeof RUN_OPTIONS>

/** On a host there is no network policy around the port. @throws UsageError */
export function metricsHost(
  { 'metrics-host': given }: Pick<RunOptions, 'metrics-host'>,
  { host }: Pick<AgentConfig, 'host'>,
): string {
  if (given === undefined) return host ? '127.0.0.1' : ''
  if (given === '' || isIP(given)) return given
  throw new UsageError(`--metrics-host is an IP address, or empty for every one, not \`${given}\``)
}

/** @throws UsageError */
export function cgroupOf({ cgroup, ...options }: RunOptions, { host }: AgentConfig): string | undefined {
  if (cgroup === undefined) return undefined
  if (options['pid-namespace']) throw new UsageError('`--cgroup` or `--pid-namespace`: a scope is one of them')
  if (!host) throw new UsageError('`--cgroup` goes with --config: a Pod is a scope of its own')
  try {
    return cgroupPath(cgroup)
  } catch (error) {
    throw new UsageError(`--cgroup ${(error as Error).message}`)
  }
}

export function logFormat(options: RunOptions): LogFormat {
  return options['log-format'] ?? (process.stdout.isTTY ? 'text' : 'json')
}

export function metricsPort(options: RunOptions, { config }: AgentConfig): number {
  const port = Number(options['metrics-port'] ?? config.monitoring.metricsPort)
  if (Number.isInteger(port) && port >= 0 && port < 65536) return port
  throw new UsageError(`--metrics-port is a number below 65536, not \`${options['metrics-port']}\``)
}
