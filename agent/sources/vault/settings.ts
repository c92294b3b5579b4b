/**
 * Where a Vault (or OpenBao) is and the agent's role there: from the agent's own environment, which the webhook's
 * configuration or an administrator sets. Nothing of it comes from an annotation: a user who chose the address would
 * be sent the Pod's service-account token.
 */

import { wrongServerPath } from '../../policy/text/names.ts'
import type { UsageError } from '../../policy/text/problems.ts'
import { addressIn, authorityIn, wrongSetting } from '../remote.ts'
import type { ServerEnvironment, ServerVariable } from '../server-variables.ts'

export interface VaultSettings {
  /** https */
  readonly address: URL
  /** Of the Kubernetes auth method. */
  readonly role: string
  /** Mounts of the KV engine (version 2) and of the auth method, without slashes at their ends. */
  readonly mount: string
  readonly authMount: string
  /** Of the enterprise edition and of OpenBao; '': none. */
  readonly namespace: string
  /** PEM; absent: the authorities Node brings. */
  readonly ca?: string
  /** The service account's token, read anew for every login. */
  readonly tokenFile: string
  /** For connection, handshake and answer together. */
  readonly timeoutMs: number
  /** How long a value without a lease is taken for current, ms. */
  readonly periodMs: number
}

const ACCOUNT_TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token'
/** A Vault in the same cluster needs milliseconds. */
const TIMEOUT_MS = 5_000
const DEFAULT_PERIOD_SECONDS = 300
const LEAST_PERIOD_SECONDS = 10

/** After `KERNELSEAL_VAULT_`. */
type Name = NameOf<ServerVariable>
type NameOf<Variable> = Variable extends `KERNELSEAL_VAULT_${infer Rest}` ? Rest : never

/** @returns undefined when there is no Vault @throws UsageError naming the variable */
export function vaultSettings(env: ServerEnvironment): VaultSettings | undefined {
  const text = (name: Name): string => env[`KERNELSEAL_VAULT_${name}`] ?? ''
  if (text('ADDR') === '') return undefined
  if (text('ROLE') === '') throw wrong('ROLE', 'is missing: Vault asks for a role at every login')
  return {
    address: addressIn('KERNELSEAL_VAULT_ADDR', text('ADDR')),
    role: text('ROLE'),
    mount: mountIn('MOUNT', text('MOUNT') || 'secret'),
    authMount: mountIn('AUTH_MOUNT', text('AUTH_MOUNT') || 'kubernetes'),
    namespace: text('NAMESPACE'),
    ...(text('CA') === '' ? {} : { ca: authorityIn('KERNELSEAL_VAULT_CA', text('CA')) }),
    tokenFile: text('TOKEN_FILE') || ACCOUNT_TOKEN,
    timeoutMs: TIMEOUT_MS,
    periodMs: secondsIn(text('PERIOD')) * 1000,
  }
}

const wrong = (name: Name, what: string): UsageError => wrongSetting(`KERNELSEAL_VAULT_${name}`, what)

function mountIn(name: Name, text: string): string {
  const problem = wrongServerPath('Vault')(text)
  if (problem) throw wrong(name, `is no mount: ${problem.hint}`)
  return text
}

function secondsIn(text: string): number {
  if (text === '') return DEFAULT_PERIOD_SECONDS
  const seconds = /^[0-9]{1,6}$/.test(text) ? Number(text) : 0
  if (seconds >= LEAST_PERIOD_SECONDS) return seconds
  throw wrong('PERIOD', `is a number of seconds, ${LEAST_PERIOD_SECONDS} at least`)
}
