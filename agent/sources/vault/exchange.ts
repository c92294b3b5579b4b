/** One request to Vault and its answer, or the reason why there was none. Redirections are not followed. */
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { https } from '../../kube/http.ts'
import { textWithin, whyUnanswered } from '../remote.ts'
import type { Redactor } from './redact.ts'
import type { VaultSettings } from './settings.ts'

export interface Answer {
  readonly status: number
  /** Undefined when it was no JSON. */
  readonly body: unknown
  /** The first of its `errors`, without any secret that is known here; '' where it has none. Nothing else of it may be repeated. */
  readonly said: string
}

/** Why something was not to be had. Neither a token nor a value is in it. */
export class VaultFailure extends Error {
  readonly hint: string
  /** Worth another attempt. */
  readonly temporary: boolean

  constructor(why: string, hint: string, temporary = false) {
    super(why)
    this.hint = hint
    this.temporary = temporary
  }
}

/** A secret has at most 64 KiB; one answer holds all keys of a path. */
const MAX_ANSWER = 1024 * 1024

/** @param path as it goes into the URL, starting with `/v1/` @throws VaultFailure */
export async function exchange(
  { address, ca, namespace, timeoutMs }: VaultSettings,
  { clean }: Redactor,
  path: string,
  headers: Readonly<Record<string, string>>,
  sent?: object,
): Promise<Answer> {
  const asking = https().request(new URL(path, address), {
    method: sent ? 'POST' : 'GET',
    // X-Vault-Request: a Vault agent refuses requests without it, because browsers cannot be made to send it.
    headers: { 'x-vault-request': 'true', ...(namespace && { 'x-vault-namespace': namespace }), ...headers },
    ...(ca === undefined ? {} : { ca }),
    agent: false,
    signal: AbortSignal.timeout(timeoutMs),
  })
  let status = 0
  try {
    asking.end(sent && JSON.stringify(sent))
    const [response] = (await once(asking, 'response')) as [IncomingMessage]
    status = response.statusCode ?? 0
    const body = parsed(await textOf(response))
    return { status, body, said: clean(firstError(body)) }
  } catch (error) {
    if (error instanceof VaultFailure) throw error
    const asked = { address, timeoutMs, status, variables: 'KERNELSEAL_VAULT_' }
    const { why, hint, isTemporary } = whyUnanswered(error as NodeJS.ErrnoException, asked)
    throw new VaultFailure(why, hint, isTemporary)
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  const text = await textWithin(response, MAX_ANSWER)
  if (text === undefined) throw new VaultFailure(`its answer is longer than ${MAX_ANSWER} bytes`, 'split the secret')
  return text
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function firstError(body: unknown): string {
  const { errors } = (typeof body === 'object' && body !== null ? body : {}) as { errors?: unknown }
  const [first] = Array.isArray(errors) ? errors : []
  return typeof first === 'string' ? first : ''
}
