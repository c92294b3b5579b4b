/** The webhook's settings, one table: flags, environment, file and help text (help.ts) all follow from it. */

import type { SecretServer } from '../mutate/sidecar/servers.ts'
import { type AgentSettings, READY_SECONDS } from '../mutate/sidecar/sidecar.ts'
import type { Kind } from './kinds.ts'

export interface Setting {
  readonly kind: Kind
  /** Absent: the setting must be given. */
  readonly default?: string
  readonly help: string
}

/** Where the kubelet mounts the service account (kubernetes.io, Accessing the API from a Pod). */
const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'

const SWITCH = ['true', 'false'] as const

export const SETTINGS = {
  agentImage: { kind: 'text', help: 'image of the agent, by digest or tag' },
  agentPullPolicy: {
    kind: ['Always', 'IfNotPresent', 'Never'],
    default: 'IfNotPresent',
    help: 'when nodes pull the agent image',
  },
  agentPullSecrets: {
    kind: 'list',
    default: '',
    help: "Secrets of a Pod's own namespace with which nodes pull the agent image, added to the Pod's; empty: none",
  },
  // Resident memory of the agent is 60 to 90 MB; the limit is room for 256 values of 64 KiB and the events in flight.
  agentCpuRequest: { kind: 'quantity', default: '10m', help: 'CPU request of the agent' },
  agentCpuLimit: { kind: 'quantity', default: '', help: 'CPU limit of the agent; empty: none' },
  agentMemoryRequest: { kind: 'quantity', default: '64Mi', help: 'memory request of the agent' },
  agentMemoryLimit: { kind: 'quantity', default: '256Mi', help: 'memory limit of the agent; empty: none' },
  agentReadySeconds: {
    kind: 'seconds',
    default: `${READY_SECONDS}`,
    help: 'how long an agent may take to prove protection before the kubelet starts it anew',
  },
  agentLockPolicy: {
    kind: SWITCH,
    default: 'false',
    help: 'agents refuse changes of a running policy that weaken it',
  },
  agentAllowLiteral: {
    kind: SWITCH,
    default: 'false',
    help: 'values may stand in annotations, for every reader of them',
  },
  agentFileRoots: {
    kind: 'list',
    default: '',
    help: "directories of the agent's container whose files annotations may name; empty: none",
  },
  vaultAddress: {
    kind: 'address',
    default: '',
    help: 'Vault or OpenBao for the agents, https://host:port; empty: none',
  },
  vaultRole: { kind: 'text', default: '', help: 'role of its Kubernetes auth method' },
  vaultMount: { kind: 'text', default: 'secret', help: 'mount of its KV engine, version 2' },
  vaultAuthMount: { kind: 'text', default: 'kubernetes', help: 'mount of its Kubernetes auth method' },
  vaultNamespace: { kind: 'text', default: '', help: 'namespace in it; empty: none' },
  vaultCa: { kind: 'text', default: '', help: 'its authority, PEM; empty: the public ones' },
  vaultAudience: { kind: 'text', default: '', help: "audience of the agents' tokens; empty: the API server's" },
  sidecarForm: {
    kind: ['auto', 'native', 'container'],
    default: 'auto',
    help: 'where the agent stands in a Pod; auto: native, an init container that stays, from Kubernetes 1.29 on',
  },
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
  // OpenSSL handles any number of TLS 1.3's key updates in one go, before anything of ours hears of them; 1.2 has none.
  tlsMaxVersion: {
    kind: ['1.2', '1.3'],
    default: '1.2',
    help: 'highest version of TLS; with 1.3 any client can hold the webhook up by key updates',
  },
  clientCaFile: {
    kind: 'text',
    default: '',
    help: 'CA of the API servers: callers without a certificate by it are refused; empty: every client may ask',
  },
  clientNames: { kind: 'list', default: '', help: 'common names such a certificate may have; empty: any' },
  certSecret: {
    kind: 'text',
    default: '',
    help: 'Secret that the replicas share a certificate of their own making by; needs the API server',
  },
  certCheckSeconds: { kind: 'seconds', default: '60', help: 'how often each replica reads that Secret; at least 1' },
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
  namespace: { kind: 'text', default: 'kernelseal-system', help: 'namespace of the webhook itself' },
  apiServer: { kind: 'text', default: '', help: "API server, https://host:port; empty: the Pod's own, if any" },
  apiTokenFile: { kind: 'text', default: `${ACCOUNT}/token`, help: 'token for it' },
  apiCaFile: { kind: 'text', default: `${ACCOUNT}/ca.crt`, help: 'CA of it' },
  drainSeconds: { kind: 'seconds', default: '0', help: 'time between turning unready and closing, on SIGTERM' },
  logLevel: { kind: ['debug', 'info', 'warn', 'error'], default: 'info', help: 'least level to log' },
} as const satisfies Record<string, Setting>

export type SettingName = keyof typeof SETTINGS
export const NAMES = Object.keys(SETTINGS) as SettingName[]

/** Of a row's kind: a setting of the table has its type from there and nowhere else. */
type ValueOf<K extends Kind> = K extends readonly (infer Word)[]
  ? Word
  : K extends 'port' | 'seconds'
    ? number
    : K extends 'list'
      ? readonly string[]
      : string

export type Settings = { readonly [Name in SettingName]: ValueOf<(typeof SETTINGS)[Name]['kind']> }

/** The settings that are about the agent's container. */
export function agentSettings(settings: Settings): AgentSettings {
  return {
    image: settings.agentImage,
    imagePullPolicy: settings.agentPullPolicy,
    pullSecrets: settings.agentPullSecrets,
    cpuRequest: settings.agentCpuRequest,
    cpuLimit: settings.agentCpuLimit,
    memoryRequest: settings.agentMemoryRequest,
    memoryLimit: settings.agentMemoryLimit,
    readySeconds: settings.agentReadySeconds,
    lockPolicy: settings.agentLockPolicy === 'true',
    allowLiteral: settings.agentAllowLiteral === 'true',
    fileRoots: settings.agentFileRoots,
    servers: [...vaultOf(settings)],
  }
}

function vaultOf(settings: Settings): SecretServer[] {
  const { vaultAddress: ADDR, vaultRole: ROLE, vaultMount: MOUNT, vaultAuthMount: AUTH_MOUNT } = settings
  const { vaultNamespace: NAMESPACE, vaultCa: CA, vaultAudience: audience } = settings
  if (ADDR === '') return []
  const variables = { ADDR, ROLE, MOUNT, AUTH_MOUNT, NAMESPACE, CA }
  return [{ kind: 'vaultRef', name: 'vault', variables, audience }]
}

/** Not `KERNELSEAL_`: for a Service `kernelseal` Kubernetes sets KERNELSEAL_PORT=tcp://… in every Pod of its namespace. */
const ENV_PREFIX = 'KSEAL_'

export const flagOf = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
export const envOf = (name: string) => ENV_PREFIX + flagOf(name).replaceAll('-', '_').toUpperCase()
