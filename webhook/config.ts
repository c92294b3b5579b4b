/** The webhook's settings: one table, from which flags, environment, file and help text follow. */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { QUANTITY } from '../agent/policy/annotations.ts'
import { readDocument } from '../agent/policy/document.ts'
import { Field } from '../agent/policy/field.ts'
import { ConfigError, reportInto } from '../agent/policy/problems.ts'
import { didYouMean, quote } from '../agent/policy/suggest.ts'
import type { Mode, Problem } from '../agent/policy/types.ts'

type Kind = 'text' | 'quantity' | 'port' | 'seconds' | 'list' | readonly string[]

interface Setting {
  readonly kind: Kind
  /** Absent: the setting must be given. */
  readonly default?: string
  readonly help: string
}

const SETTINGS = {
  agentImage: { kind: 'text', help: 'image of the agent, by digest or tag' },
  agentPullPolicy: {
    kind: ['Always', 'IfNotPresent', 'Never'],
    default: 'IfNotPresent',
    help: 'when nodes pull the agent image',
  },
  // Resident memory of the agent is 60 to 90 MB; the limit is room for 256 values of 64 KiB and the events in flight.
  agentCpuRequest: { kind: 'quantity', default: '10m', help: 'CPU request of the agent' },
  agentCpuLimit: { kind: 'quantity', default: '', help: 'CPU limit of the agent; empty: none' },
  agentMemoryRequest: { kind: 'quantity', default: '64Mi', help: 'memory request of the agent' },
  agentMemoryLimit: { kind: 'quantity', default: '256Mi', help: 'memory limit of the agent; empty: none' },
  defaultMode: {
    kind: ['enforce', 'audit', 'disabled'],
    default: 'enforce',
    help: 'mode of Pods and namespaces that choose none',
  },
  host: { kind: 'text', default: '::', help: 'address to listen on; :: is every address, IPv4 too' },
  port: { kind: 'port', default: '8443', help: 'port of admission and health, over TLS' },
  metricsPort: { kind: 'port', default: '9090', help: 'port of /metrics, plain HTTP' },
  certFile: { kind: 'text', default: '', help: 'certificate chain, PEM; empty: one is made at start' },
  keyFile: { kind: 'text', default: '', help: 'private key of the certificate, PEM' },
  dnsNames: {
    kind: 'list',
    default: 'kernelseal-webhook.kernelseal-system.svc,localhost,127.0.0.1',
    help: 'names and addresses in a certificate made at start',
  },
  caOut: {
    kind: 'text',
    default: '',
    help: 'where to write the CA of a certificate made at start; -: standard output',
  },
  drainSeconds: { kind: 'seconds', default: '0', help: 'time between turning unready and closing, on SIGTERM' },
  logLevel: { kind: ['debug', 'info', 'warn', 'error'], default: 'info', help: 'least level to log' },
} as const satisfies Record<string, Setting>

type Name = keyof typeof SETTINGS
const NAMES = Object.keys(SETTINGS) as Name[]

export interface Settings {
  readonly agentImage: string
  readonly agentPullPolicy: 'Always' | 'IfNotPresent' | 'Never'
  readonly agentCpuRequest: string
  readonly agentCpuLimit: string
  readonly agentMemoryRequest: string
  readonly agentMemoryLimit: string
  readonly defaultMode: Mode
  readonly host: string
  readonly port: number
  readonly metricsPort: number
  readonly certFile: string
  readonly keyFile: string
  readonly dnsNames: readonly string[]
  readonly caOut: string
  readonly drainSeconds: number
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error'
}

/** Not `KERNELSEAL_`: for a Service `kernelseal` Kubernetes sets KERNELSEAL_PORT=tcp://… in every Pod of its namespace. */
const ENV_PREFIX = 'KSEAL_'

const flagOf = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
const envOf = (name: string) => ENV_PREFIX + flagOf(name).replaceAll('-', '_').toUpperCase()

/** A setting as it was given, and where. */
interface Given {
  readonly text: string
  readonly from: string
}

/**
 * A flag wins over the environment, that over the file of `--config`, that over the default.
 * @throws ConfigError that names each wrong setting and where it was given
 */
export function loadSettings(argv: readonly string[], env: Readonly<Record<string, string | undefined>>): Settings {
  const flags = readFlags(argv)
  const file = flags.config === undefined ? {} : readFile(flags.config)
  const found: Problem[] = []
  const values = NAMES.map((name) => [name, readSetting(name, given(name, flags, env, file), found)] as const)
  const settings = Object.fromEntries(values) as unknown as Settings
  if ((settings.certFile === '') !== (settings.keyFile === '')) {
    const missing = settings.certFile === '' ? 'cert-file' : 'key-file'
    found.push({
      severity: 'error',
      path: `--${missing}`,
      message: 'is missing: a certificate and its key go together',
    })
  }
  if (found.length > 0) throw new ConfigError('', found)
  return settings
}

function given(
  name: Name,
  flags: Readonly<Record<string, string | undefined>>,
  env: Readonly<Record<string, string | undefined>>,
  file: Readonly<Record<string, Given>>,
): Given | undefined {
  const flag = flags[flagOf(name)]
  if (flag !== undefined) return { text: flag, from: `--${flagOf(name)}` }
  const variable = env[envOf(name)]
  if (variable !== undefined) return { text: variable, from: `$${envOf(name)}` }
  return file[name]
}

function readSetting(name: Name, value: Given | undefined, found: Problem[]): unknown {
  const setting: Setting = SETTINGS[name]
  const text = value?.text ?? setting.default
  const path = value?.from ?? `--${flagOf(name)}`
  if (text === undefined || (text === '' && setting.default === undefined)) {
    const hint = `give \`--${flagOf(name)}\`, \`$${envOf(name)}\` or \`${name}\` in the file`
    found.push({ severity: 'error', path, message: 'is missing', hint })
    return undefined
  }
  const parsed = parse(setting.kind, text)
  if ('expected' in parsed) {
    found.push({ severity: 'error', path, message: `is ${quote(text)}, must be ${parsed.expected}` })
    return undefined
  }
  return parsed.value
}

function parse(kind: Kind, text: string): { readonly value: unknown } | { readonly expected: string } {
  const number = /^[0-9]{1,5}$/.test(text) ? Number(text) : Number.NaN
  switch (kind) {
    case 'text':
      return { value: text }
    case 'quantity':
      return text === '' || QUANTITY.test(text) ? { value: text } : { expected: 'a quantity such as `100m` or `64Mi`' }
    case 'list':
      return {
        value: text
          .split(',')
          .map((item) => item.trim())
          .filter((item) => item !== ''),
      }
    case 'port':
      // 0 lets the system choose, for tests.
      return number <= 65535 ? { value: number } : { expected: 'a port, 0 to 65535' }
    case 'seconds':
      return number <= 300 ? { value: number } : { expected: 'seconds, 0 to 300' }
    default:
      return kind.includes(text) ? { value: text } : { expected: kind.map(quote).join(', ') }
  }
}

function readFlags(argv: readonly string[]): Readonly<Record<string, string | undefined>> {
  const names = ['config', ...NAMES.map(flagOf)]
  const options = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]))
  try {
    return parseArgs({ args: [...argv], options, strict: true, allowPositionals: false }).values
  } catch (error) {
    const unknown = /^Unknown option '--([^']+)'/.exec((error as Error).message)?.[1]
    const problem: Problem =
      unknown === undefined
        ? { severity: 'error', path: 'command line', message: (error as Error).message }
        : { severity: 'error', path: `--${unknown}`, message: 'is not an option', hint: didYouMean(unknown, names) }
    throw new ConfigError('', [problem])
  }
}

/** YAML or JSON with the settings' names as keys; numbers and lists may be written as such. */
function readFile(path: string): Record<string, Given> {
  const document = readDocument(readText(path), path)
  const found: Problem[] = []
  const keys = new Field(document.value, '', reportInto(found, '', document.lineOf)).mapping(NAMES)
  const entries = NAMES.flatMap((name) => {
    const field = keys?.get(name)
    if (field === undefined) return []
    const line = document.lineOf(name)
    const text = Array.isArray(field.value) ? field.value.join(',') : String(field.value)
    return [[name, { text, from: `${path}${line === undefined ? '' : `:${line}`}: ${name}` }] as const]
  })
  if (found.length > 0) throw new ConfigError(path, found)
  return Object.fromEntries(entries)
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new ConfigError('', [{ severity: 'error', path: '--config', message: (error as Error).message }])
  }
}

export function helpText(): string {
  const lines = NAMES.map((name) => {
    const { default: otherwise, help }: Setting = SETTINGS[name]
    const kind: Kind = SETTINGS[name].kind
    const words = typeof kind === 'string' ? '' : ` (${kind.join(', ')})`
    const fallback = otherwise === undefined ? ' [required]' : otherwise === '' ? '' : ` [${otherwise}]`
    return `  --${flagOf(name).padEnd(22)}${help}${words}${fallback}`
  })
  return `kernelseal-webhook: seals the secrets of Pods at admission

Usage: webhook/main.ts --agent-image IMAGE [options]

  --config                file with settings, YAML or JSON, keys as below in camelCase (agentImage: …)
${lines.join('\n')}
  --help                  this text

Each option is also read from the environment: --agent-image is ${envOf('agentImage')}. Flag, then environment,
then file, then default. POST /mutate, GET /healthz and GET /readyz are served over TLS, GET /metrics is not.
`
}
