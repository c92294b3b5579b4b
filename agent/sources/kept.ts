/** The answer of a server, for as long as it is good. */

/** How long an answer is new, ms: reading all that it is needed for takes no longer. */
const NEW_MS = 10_000

export interface Kept<T> {
  readonly get: () => Promise<T>
  /** Nothing is kept any longer, unless it is another one by now. @returns false for a new one that never worked */
  readonly forget: (value: T) => boolean
  /** It was of use: should it be refused later, something has happened to it. */
  readonly worked: (value: T) => void
}

/**
 * Caches the answer of `ask`. Concurrent callers share one call, and a failure is not kept.
 * @param lasts ms for which an answer is good @param now ms that no clock change moves
 */
export function kept<T>(ask: () => Promise<T>, lasts: (value: T) => number, now: () => number): Kept<T> {
  let current: { readonly value: Promise<T>; readonly since: number; until: number; got?: T; worked?: true } | undefined
  const forget = (value: T): boolean => {
    // Others have had it exchanged already.
    if (current?.got !== value) return true
    if (!current.worked && now() - current.since < NEW_MS) return false
    current = undefined
    return true
  }
  const worked = (value: T): void => {
    if (current?.got === value) current.worked = true
  }
  const get = (): Promise<T> => {
    if (current && now() < current.until) return current.value
    const asked: NonNullable<typeof current> = { value: ask(), since: now(), until: Number.POSITIVE_INFINITY }
    current = asked
    asked.value.then(
      (value) => {
        asked.until = now() + lasts(value)
        asked.got = value
      },
      () => {
        if (current === asked) current = undefined
      },
    )
    return asked.value
  }
  return { get, forget, worked }
}
