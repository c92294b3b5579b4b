/** How often an address may come in. A handshake costs a millisecond of the one thread that answers. */
import { openBuckets } from './buckets.ts'

export interface Rates {
  /** One more from this address now? It counts when it may. */
  admits(address: string): boolean
  /** It had a review answered, as API servers do: it comes in as often as it likes, until it is penalised. */
  trust(address: string): void
  /** It behaved as no API server does. */
  penalise(address: string): void
}

/**
 * Connections at once, and a second, of an address that had no review answered yet. An API server has its first one answered within
 * milliseconds; the kubelet's probes come once a second.
 */
const BURST = 32
const PER_SECOND = 50
/** The count of each connection that was given up: such an address comes in five times a second. */
const PENALTY = 10
/** However often: five seconds of nothing. */
const LEAST = -5 * PER_SECOND
/** Addresses remembered; beyond, the one seen longest ago starts anew. */
const MOST_ADDRESSES = 1024

/** @param now ms */
export function openRates(now: () => number = () => performance.now()): Rates {
  const rates = { burst: BURST, perSecond: PER_SECOND, most: MOST_ADDRESSES }
  const bucketOf = openBuckets(rates, () => ({ isTrusted: false }), now)
  return {
    admits: (address) => {
      const bucket = bucketOf(address)
      if (bucket.isTrusted) return true
      if (bucket.tokens < 1) return false
      bucket.tokens--
      return true
    },
    trust: (address) => {
      const bucket = bucketOf(address)
      // Not before its misbehaviour is paid for.
      if (bucket.tokens >= 0) bucket.isTrusted = true
    },
    penalise: (address) => {
      const bucket = bucketOf(address)
      bucket.isTrusted = false
      bucket.tokens = Math.max(bucket.tokens - PENALTY, LEAST)
    },
  }
}
