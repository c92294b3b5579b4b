/**
 * Clients by address, as far as addresses tell clients apart. One client of IPv6 usually has a whole network of 64 bits (RFC 6177), and
 * could come from another address each time. But the Pods of a node are in one such network too, and so may the API servers be.
 * So the first few addresses of a network count for themselves, and all others together as one.
 */

/** Addresses of a network that count for themselves: API servers, or a kubelet and what scrapes. */
const MOST_ADDRESSES = 8
/** Milliseconds after which an address that was not seen makes room: longer than between two scrapes. */
const STALE_MS = 600_000
/** Networks remembered; beyond, the one seen longest ago starts anew. */
const MOST_NETWORKS = 256

/** @returns the name an address counts under: its own, or that of its network */
export function openNeighbours(now: () => number = () => performance.now()): (address: string) => string {
  const networks = new Map<string, Map<string, number>>()
  return (address) => {
    const network = networkOf(address)
    if (network === undefined) return address
    const seen = networks.get(network) ?? new Map<string, number>()
    // Put back at the end: those in front were seen longest ago.
    networks.delete(network)
    networks.set(network, seen)
    for (const oldest of networks.keys()) {
      if (networks.size <= MOST_NETWORKS) break
      networks.delete(oldest)
    }
    return isKnown(seen, address, now()) ? address : network
  }
}

function isKnown(seen: Map<string, number>, address: string, time: number): boolean {
  if (!seen.has(address) && seen.size >= MOST_ADDRESSES)
    for (const [other, last] of seen) if (time - last > STALE_MS) seen.delete(other)
  if (!seen.has(address) && seen.size >= MOST_ADDRESSES) return false
  seen.set(address, time)
  return true
}

/** @returns undefined for IPv4, in either way of writing: `10.0.0.1`, and `::ffff:10.0.0.1` of a socket that takes both */
function networkOf(address: string): string | undefined {
  if (!address.includes(':') || address.includes('.')) return undefined
  const [start = '', end] = address.replace(/%.*/, '').split('::')
  const [first, last] = [start, end ?? ''].map((text) => (text === '' ? [] : text.split(':'))) as [string[], string[]]
  const zeros = Array.from({ length: Math.max(0, 8 - first.length - last.length) }, () => '0')
  return `${[...first, ...zeros, ...last].slice(0, 4).join(':')}::/64`
}
