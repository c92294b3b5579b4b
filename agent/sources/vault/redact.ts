/** Takes secrets out of others' words: a server, or a proxy before it, may repeat a request or its own content. */

export interface Redactor {
  /** @param place the owner of these secrets; they replace those it had */
  readonly know: (place: string, secrets: readonly string[]) => void
  readonly clean: (text: string) => string
}

/** Shorter ones would be found in every sentence; no token is that short. */
const LEAST = 4
/** A part of a secret, this long, gives it away: an echo may be cut short. */
const PART = 8
const REDACTED = '[redacted]'

export function redactor(): Redactor {
  const known = new Map<string, readonly string[]>()
  const know: Redactor['know'] = (place, secrets) => {
    known.set(
      place,
      secrets.filter(({ length }) => length >= LEAST),
    )
  }
  const clean = (text: string): string => {
    const secrets = [...known.values()].flat().sort((a, b) => b.length - a.length)
    const whole = secrets.reduce((left, secret) => left.replaceAll(secret, REDACTED), text)
    const isPart = (word: string): boolean => word.length >= PART && secrets.some((secret) => secret.includes(word))
    return whole.replace(/[^\s"'`,;:()<>{}[\]]+/g, (word) => (isPart(word) ? REDACTED : word))
  }
  return { know, clean }
}
