/** How long to leave an API server alone after something with it failed, or ended too soon. */
import { ApiError } from './answers.ts'

/** Milliseconds. */
const SHORTEST = 500
const LONGEST = 30_000
/** The longest a server's own `Retry-After` is believed: labels that are that old are old enough. */
const BELIEVED = 120_000
/** After a connection has lived this long, the next failure counts as a first one again. */
export const LIVED = 5_000

export interface BackOff {
  /** @returns milliseconds until the next attempt, after `error` or, without one, after an end that came too soon */
  pause(error?: unknown): number
  /** The next pause is the shortest again. */
  reset(): void
}

/** @param random 0 to 1: replicas that lost the same server come back one after the other */
export function backOff(random: () => number = Math.random): BackOff {
  let next = SHORTEST
  return {
    pause: (error) => {
      const asked = error instanceof ApiError ? Math.min(error.retryAfter, BELIEVED) : 0
      const own = next * (0.5 + random())
      next = Math.min(next * 2, LONGEST)
      return Math.max(own, asked)
    },
    reset: () => {
      next = SHORTEST
    },
  }
}
