/** Again, after a longer pause each time, while the failure is a temporary one. */
import { setTimeout as sleep } from 'node:timers/promises'
import { VaultFailure } from './exchange.ts'

/** Between attempts; the agents of a node that lost its network together do not come back together. */
const PAUSES_MS = [250, 500, 1000]

export async function withRetries<T>(attempt: () => Promise<T>, pauses: readonly number[] = PAUSES_MS): Promise<T> {
  for (const pause of pauses) {
    try {
      return await attempt()
    } catch (error) {
      if (!(error instanceof VaultFailure && error.temporary)) throw error
      await sleep(pause * (0.5 + Math.random() / 2))
    }
  }
  return attempt()
}
