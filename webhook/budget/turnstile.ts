/**
 * The order of decisions: next is the address that has had the least of the one thread that decides. By time and not by turns, since
 * one review may take a thousand times as long as another: turn for turn, four connections with the most expensive Pods there
 * are would leave an API server four admissions a second.
 */
import { Fair } from './fair.ts'

export interface Turnstile {
  /** Runs the decision when it is this one's turn, without a pause. @returns its result */
  decide<Result>(address: string, decision: () => Result): Promise<Result>
}

/** Milliseconds of decisions in one turn of the event loop; between two turns arrived data is read. Most take 0.2 to 10 ms. */
const AT_ONCE_MS = 2
/** Addresses remembered beside those that wait. One that is forgotten begins as a new one does. */
const MOST_ADDRESSES = 1024

/** @param now ms */
export function openTurnstile(now: () => number = () => performance.now()): Turnstile {
  const waiting = new Fair<() => void>()
  /** Milliseconds of decisions of each address, on a scale of their own. */
  const had = new Map<string, number>()
  /** A new address begins with as much as the last one in turn had; with nothing it would go before all others for long. */
  let entry = 0
  let scheduled = false

  const turn = (): void => {
    scheduled = false
    for (const end = now() + AT_ONCE_MS; waiting.size > 0 && now() < end; ) next()
    schedule()
  }
  const next = (): void => {
    const address = waiting.leastBy((one) => had.get(one) ?? entry)
    if (address === undefined) return
    const before = had.get(address) ?? entry
    entry = Math.max(entry, before)
    const start = now()
    waiting.takeOf(address)?.()
    had.set(address, before + now() - start)
  }
  const schedule = (): void => {
    if (scheduled || waiting.size === 0) return
    scheduled = true
    setImmediate(turn)
  }
  const enter = (address: string): void => {
    // Time in which it did not ask is not saved up.
    if (!waiting.hasAny(address)) had.set(address, Math.max(had.get(address) ?? 0, entry))
    if (had.size > MOST_ADDRESSES)
      for (const one of had.keys()) if (!waiting.hasAny(one) && one !== address) had.delete(one)
  }
  return {
    decide: (address, decision) =>
      new Promise((resolve, reject) => {
        enter(address)
        waiting.add(address, () => {
          try {
            resolve(decision())
          } catch (error) {
            reject(error)
          }
        })
        schedule()
      }),
  }
}
