/** How often an address may connect. */

/**
 * New connections of one address: at once, and a second. A client that waits for readiness asks ten times a second;
 * 50 are 5 ms of a second.
 */
const BURST = 100
const PER_SECOND = 50
/** Addresses remembered; beyond, the one seen longest ago starts anew. */
const MOST_ADDRESSES = 256

export interface Rates {
  readonly admits: (address: string) => boolean
}

export function openRates(now: () => number = () => performance.now()): Rates {
  const known = new Map<string, { tokens: number; at: number }>()
  const admits = (address: string): boolean => {
    const found = known.get(address) ?? { tokens: BURST, at: now() }
    const tokens = Math.min(BURST, found.tokens + ((now() - found.at) / 1000) * PER_SECOND)
    // Put back at the end: those in front were seen longest ago.
    known.delete(address)
    known.set(address, { tokens: tokens < 1 ? tokens : tokens - 1, at: now() })
    for (const oldest of known.keys()) {
      if (known.size <= MOST_ADDRESSES) break
      known.delete(oldest)
    }
    return tokens >= 1
  }
  return { admits }
}
