/** Bytes of bodies and answers that are held, over all connections. */
import { Fair } from './fair.ts'

export interface ByteBudget {
  /** @param giveUp ends the request that holds the bytes; called at most once */
  open(address: string, giveUp: () => void): Hold
  used(): number
  /** The most there were since this was asked last. */
  highest(): number
}

/** The bytes of one request. */
export interface Hold {
  /** @returns false where it is this one that has to give way */
  take(bytes: number): boolean
  /** All of it. Safe to call twice. */
  release(): void
}

interface Holder {
  readonly address: string
  readonly giveUp: () => void
  bytes: number
}

/**
 * When there are too many, the largest holder of the address that holds most gives way: an ordinary review is never that.
 * @param limit bytes
 */
export function byteBudget(limit: number): ByteBudget {
  const holders = new Fair<Holder>()
  const byAddress = new Map<string, number>()
  let used = 0
  let highest = 0
  const highestSince = (): number => {
    const found = highest
    highest = used
    return found
  }
  return { open, used: () => used, highest: highestSince }

  function open(address: string, giveUp: () => void): Hold {
    const holder: Holder = { address, giveUp, bytes: 0 }
    holders.add(address, holder)
    return {
      take: (bytes) => {
        if (!holders.has(address, holder)) return false
        account(holder, bytes)
        while (used > limit) {
          const victim = largest()
          if (victim === undefined) break
          release(victim)
          if (victim === holder) return false
          victim.giveUp()
        }
        return true
      },
      release: () => release(holder),
    }
  }

  function account(holder: Holder, bytes: number): void {
    holder.bytes += bytes
    used += bytes
    highest = Math.max(highest, used)
    const all = (byAddress.get(holder.address) ?? 0) + bytes
    if (all > 0) byAddress.set(holder.address, all)
    else byAddress.delete(holder.address)
  }

  function release(holder: Holder): void {
    if (holders.delete(holder.address, holder)) account(holder, -holder.bytes)
  }

  function largest(): Holder | undefined {
    let [most, address] = [0, '']
    for (const [one, bytes] of byAddress) if (bytes > most) [most, address] = [bytes, one]
    let found: Holder | undefined
    for (const holder of holders.of(address)) if (found === undefined || holder.bytes > found.bytes) found = holder
    return found
  }
}
