/** The `kernelseal.io/status` annotation: the webhook's record of its own work. */
import { ADDED, type Status } from './sidecar.ts'
import { MAX_TEXT } from './text/document.ts'

/**
 * A well-formed status, or undefined. Well-formed is all it says: any user may write an annotation, so nothing about
 * the Pod may be believed because of it. One that no Pod can keep is not looked at: before admission a stranger may send megabytes,
 * and brackets alone take a hundred times their size.
 */
export function parseStatus(text: string): Status | undefined {
  const status = text.length > MAX_TEXT ? undefined : parseJson(text)
  if (typeof status !== 'object' || status === null) return undefined
  const { version, nonce, hash, containers, added = [], replaced = [] } = status as Record<string, unknown>
  if (version !== 'v1' || !isHex(nonce, 32) || !isHex(hash, 64) || !isNames(containers)) return undefined
  if (!isNames(added) || !isNames(replaced)) return undefined
  return { version, nonce, hash, containers, added: ADDED.filter((what) => added.includes(what)), replaced }
}

/** Of the placeholders: the same for as long as they are to be valid. */
export const policyIdentity = ({ nonce, containers }: Pick<Status, 'nonce' | 'containers'>): string =>
  [nonce, ...containers].join(' ')

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isHex(value: unknown, length: number): value is string {
  return typeof value === 'string' && value.length === length && /^[0-9a-f]*$/.test(value)
}

function isNames(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((name) => typeof name === 'string')
}
