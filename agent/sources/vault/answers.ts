/** Vault's answers → the values in them, or the reason why there are none. Pure. */
import { quote } from '../../policy/text/suggest.ts'
import { type Answer, VaultFailure } from './exchange.ts'

type Fields = Readonly<Record<string, unknown>>

export interface Token {
  readonly text: string
  /** Seconds from the login on. */
  readonly lease: number
}

export interface Secret {
  readonly values: Fields
  /** Seconds; 0: it has none. */
  readonly lease: number
}

/** Of `POST /v1/auth/<mount>/login`. @throws VaultFailure */
export function tokenIn(answer: Answer, role: string): Token {
  const { status, body } = answer
  const auth = fields(fields(body)?.auth)
  if (status === 200 && typeof auth?.client_token === 'string') {
    return { text: auth.client_token, lease: seconds(auth.lease_duration) }
  }
  if (status === 400 || status === 403) {
    const hint = 'check the role, and which service accounts and namespaces it is bound to'
    throw new VaultFailure(`it refused the login with the role ${quote(role)}${saidBy(answer)}`, hint)
  }
  throw unexpected(answer, 'check KERNELSEAL_VAULT_AUTH_MOUNT: is the Kubernetes auth method enabled there?')
}

/** Of `GET /v1/<mount>/data/<path>`. @throws VaultFailure */
export function secretIn(answer: Answer): Secret {
  const { status, body } = answer
  const data = fields(fields(body)?.data)
  const values = fields(data?.data)
  if (status === 200 && values) return { values, lease: seconds(fields(body)?.lease_duration) }
  if (status === 200 && body !== undefined) {
    throw new VaultFailure('the mount holds no KV secrets of version 2', 'check KERNELSEAL_VAULT_MOUNT')
  }
  if (status === 403) {
    throw new VaultFailure(`it refuses the path${saidBy(answer)}`, 'allow `read` on it in a policy of the role')
  }
  if (status === 404) {
    throw new VaultFailure('there is no such secret, or its newest version is deleted', 'write it, or mend the path')
  }
  throw unexpected(answer, 'see its log')
}

/** 429, and all that an overloaded, sealed, standby or restarting server says (Vault API, HTTP status codes). */
function unexpected(answer: Answer, hint: string): VaultFailure {
  const { status, body } = answer
  if (status === 503) {
    return new VaultFailure(`it is sealed or in maintenance (status 503)${saidBy(answer)}`, 'unseal it', true)
  }
  if (status === 200 && body === undefined) {
    return new VaultFailure('its answer, of status 200, is no JSON', 'check KERNELSEAL_VAULT_ADDR: is a Vault there?')
  }
  return new VaultFailure(`it answered with status ${status}${saidBy(answer)}`, hint, status === 429 || status >= 470)
}

/** Vault's own words, cut short. */
const saidBy = ({ said }: Answer): string => (said === '' ? '' : `, saying ${quote(said)}`)

const fields = (value: unknown): Fields | undefined =>
  typeof value === 'object' && value !== null ? (value as Fields) : undefined

const seconds = (value: unknown): number => (typeof value === 'number' && value > 0 ? value : 0)
