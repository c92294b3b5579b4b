/** The order of a sweep: the same seed, the same order; a short one takes the first part of it. Pure. */

/** mulberry32: 32 bits of state, which is plenty for an order and can be given on a command line. */
export function numbersFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Fisher and Yates; the list given stays as it is. */
export function shuffled<T>(list: readonly T[], seed: number): T[] {
  const next = numbersFrom(seed)
  const order = [...list]
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1))
    ;[order[i], order[j]] = [order[j]!, order[i]!]
  }
  return order
}
