/**
 * HashiCorp Vault or OpenBao: KV version 2, login by the Kubernetes auth method. One login serves many readings, one reading
 * all keys of a path, and both are kept for as long as their lease, or a period, says.
 */
import type { Source } from '../../policy/types.ts'
import { SourceError } from '../error.ts'
import { readFileSource } from '../file.ts'
import { type Kept, kept } from '../kept.ts'
import { type Secret, secretIn, type Token, tokenIn } from './answers.ts'
import { exchange, VaultFailure } from './exchange.ts'
import { type Redactor, redactor } from './redact.ts'
import { withRetries } from './retry.ts'
import type { VaultSettings } from './settings.ts'

export type VaultRef = Extract<Source, { kind: 'vaultRef' }>
type ReadVault = (ref: VaultRef) => Promise<Buffer>

export interface Vault {
  readonly read: ReadVault
  /** The next readings ask Vault, not the cache. */
  readonly forget: () => void
}

/** Parts of a lease after which something is asked for anew. */
const LEASE_USED = 2 / 3
/** For a token that says nothing of its lease, ms. */
const UNKNOWN_LEASE_MS = 60_000

/** @param now ms that no clock change moves @param pauses between attempts, ms */
export function openVault(
  settings: VaultSettings,
  now: () => number = () => performance.now(),
  pauses?: readonly number[],
): Vault {
  const secrets = redactor()
  const token = kept(
    () => login(settings, secrets),
    ({ lease }: Token) => (lease ? lease * LEASE_USED * 1000 : UNKNOWN_LEASE_MS),
    now,
  )
  const paths = new Map<string, ReturnType<typeof kept<Secret>>>()
  const fetch = (path: string): Promise<Secret> =>
    withRetries(() => fetchSecret(settings, secrets, path, token), pauses)
  const secretAt = (path: string): Promise<Secret> => {
    const period = ({ lease }: Secret): number => (lease ? lease * LEASE_USED * 1000 : settings.periodMs)
    const known = paths.get(path) ?? kept(() => fetch(path), period, now)
    paths.set(path, known)
    return known.get()
  }
  const read: ReadVault = async ({ path, key }) => {
    const label = `vaultRef \`${path}\` key \`${key}\` at \`${settings.address.host}\``
    try {
      const secret = await secretAt(pathBelow(settings.mount, path))
      return valueIn(secret, key)
    } catch (error) {
      if (!(error instanceof VaultFailure)) throw error
      throw new SourceError(label, error.message, error.hint)
    }
  }
  return { read, forget: () => paths.clear() }
}

/** Both ways to write a path, `app` and `secret/data/app`, lead below the agent's own mount and nowhere else. */
function pathBelow(mount: string, path: string): string {
  const prefix = `${mount}/data/`
  const rest = path.startsWith(prefix) ? path.slice(prefix.length) : path
  return `/v1/${[...mount.split('/'), 'data', ...rest.split('/')].map(encodeURIComponent).join('/')}`
}

function valueIn({ values }: Secret, key: string): Buffer {
  const value = Object.hasOwn(values, key) ? values[key] : undefined
  if (typeof value === 'string') return Buffer.from(value)
  if (value === undefined) throw new VaultFailure('the secret has no such key', 'write it, or mend the reference')
  throw new VaultFailure('its value is no text', 'store it as a string')
}

async function login(settings: VaultSettings, secrets: Redactor): Promise<Token> {
  const read = readFileSource(settings.tokenFile, `service-account token \`${settings.tokenFile}\``).toString('latin1')
  const jwt = read.trim()
  secrets.know('account', [jwt])
  const path = `/v1/auth/${settings.authMount.split('/').map(encodeURIComponent).join('/')}/login`
  const token = tokenIn(await exchange(settings, secrets, path, {}, { role: settings.role, jwt }), settings.role)
  secrets.know('token', [token.text])
  return token
}

/**
 * A token that worked may have been revoked: refused with it, the path is asked for once more with a new one. One that is new and
 * never worked was not: then it is the path that is refused, and with a hundred of those there is one login and not a hundred.
 */
async function fetchSecret(
  settings: VaultSettings,
  secrets: Redactor,
  path: string,
  token: Kept<Token>,
): Promise<Secret> {
  const ask = ({ text }: Token) => exchange(settings, secrets, path, { 'x-vault-token': text })
  const used = await token.get()
  let answer = await ask(used)
  if (answer.status !== 403) token.worked(used)
  if (answer.status === 403 && token.forget(used)) answer = await ask(await token.get())
  const secret = secretIn(answer)
  secrets.know(
    path,
    Object.values(secret.values).filter((value) => typeof value === 'string'),
  )
  return secret
}
