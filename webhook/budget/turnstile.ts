/** Whose review is decided next: addresses take turns, so that one that asks a lot does not take all of the one thread that decides. */
import { Fair } from './fair.ts'

export interface Turnstile {
  /** Resolves when it is this one's turn. */
  pass(address: string): Promise<void>
}

/** Decisions in one turn of the event loop; between two turns arrived data is read. A decision takes 0.2 to 10 ms. */
const AT_ONCE = 4

export function openTurnstile(): Turnstile {
  const waiting = new Fair<() => void>()
  let scheduled = false
  const turn = (): void => {
    scheduled = false
    for (let n = 0; n < AT_ONCE; n++) waiting.next()?.()
    schedule()
  }
  const schedule = (): void => {
    if (scheduled || waiting.size === 0) return
    scheduled = true
    setImmediate(turn)
  }
  return {
    pass: (address) =>
      new Promise((resolve) => {
        waiting.add(address, resolve)
        schedule()
      }),
  }
}
