/** Things by the address they came from, so that the address that brings most gives way first. */

/** Bounded by its user. In order of arrival within an address. */
export class Fair<Thing> {
  private readonly byAddress = new Map<string, Set<Thing>>()
  private count = 0

  get size(): number {
    return this.count
  }

  has(address: string, thing: Thing): boolean {
    return this.byAddress.get(address)?.has(thing) ?? false
  }

  of(address: string): Iterable<Thing> {
    return this.byAddress.get(address) ?? []
  }

  countOf(address: string): number {
    return this.byAddress.get(address)?.size ?? 0
  }

  /** How many the address with most has. */
  most(): number {
    let most = 0
    for (const { size } of this.byAddress.values()) most = Math.max(most, size)
    return most
  }

  /** Of the address with most; of all these where there are several. */
  *ofThoseWithMost(): Iterable<Thing> {
    const most = this.most()
    for (const own of this.byAddress.values()) if (own.size === most) yield* own
  }

  add(address: string, thing: Thing): void {
    const own = this.byAddress.get(address) ?? new Set()
    if (own.has(thing)) return
    this.byAddress.set(address, own.add(thing))
    this.count++
  }

  delete(address: string, thing: Thing): boolean {
    const own = this.byAddress.get(address)
    if (!own?.delete(thing)) return false
    this.count--
    if (own.size === 0) this.byAddress.delete(address)
    return true
  }

  /** The oldest of the address whose turn it is: each has one before any has a second. */
  oldest(): Thing | undefined {
    return this.next(
      ([first]) => first,
      () => true,
    )
  }

  /**
   * The newest of the address whose turn it is. For those whose clients may have given up by now: a queue that is served in order, and
   * is longer than clients wait, serves none of them any more.
   * @param may false: not this one now
   */
  newest(may: (address: string) => boolean): Thing | undefined {
    return this.next((own) => [...own].at(-1), may)
  }

  private next(one: (own: ReadonlySet<Thing>) => Thing | undefined, may: (address: string) => boolean) {
    for (const [address, own] of this.byAddress) {
      if (!may(address)) continue
      const thing = one(own)
      if (thing === undefined) continue
      this.delete(address, thing)
      // Behind all others, with what is left of it.
      if (own.size > 0) {
        this.byAddress.delete(address)
        this.byAddress.set(address, own)
      }
      return thing
    }
    return undefined
  }

  hasAny(address: string): boolean {
    return this.byAddress.has(address)
  }

  /** The address for which this is least; of several the one that has waited longest. */
  leastBy(value: (address: string) => number): string | undefined {
    let least: string | undefined
    for (const address of this.byAddress.keys())
      if (least === undefined || value(address) < value(least)) least = address
    return least
  }

  /** The oldest of an address, which is then no longer there: with the newest first, a busy client's oldest would wait for ever. */
  takeOf(address: string): Thing | undefined {
    const [thing] = this.of(address)
    if (thing !== undefined) this.delete(address, thing)
    return thing
  }

  /** Addresses, those with most first; things of each in order of arrival. */
  *crowded(): Iterable<readonly [address: string, things: ReadonlySet<Thing>]> {
    yield* [...this.byAddress].sort(([, a], [, b]) => b.size - a.size)
  }
}

/** The oldest of the address with most. It is taken out by its socket's closing, and at once. */
export function oldestOf<Thing>(room: Fair<Thing>): Thing | undefined {
  for (const [address, own] of room.crowded()) {
    const [oldest] = own
    if (oldest !== undefined) room.delete(address, oldest)
    return oldest
  }
  return undefined
}
