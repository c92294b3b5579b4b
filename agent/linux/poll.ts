/** Polls a condition with back-off, for states that send no notification. */
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * From the first to the longest pause between two looks, ms: a long wait leaves the processor to the processes it
 * waits for.
 */
export type Pauses = readonly [first: number, longest: number]

/** Looks at once, and again until it is so. @returns whether it was, within that time */
export async function eventually(isSo: () => boolean, withinMs: number, [first, longest]: Pauses): Promise<boolean> {
  const deadline = Date.now() + withinMs
  for (let pause = first; !isSo(); pause = Math.min(1.5 * pause, longest)) {
    if (Date.now() > deadline) return false
    await sleep(pause)
  }
  return true
}
