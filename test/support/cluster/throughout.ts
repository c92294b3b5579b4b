/** Whether a load went on during the whole of what it was for: one that stalls has no failures either. */
import assert from 'node:assert/strict'

/**
 * In each third of the time. Not a rate: an upgrade takes six seconds at least, and a machine forty times too slow for the wanted 200 a
 * second still admits as many.
 */
export const LEAST = 10

/** Of some times, those in each third of the span; times outside of it do not count. */
export function thirdsOf(times: readonly number[], from: number, to: number): [number, number, number] {
  const thirds: [number, number, number] = [0, 0, 0]
  for (const time of times) {
    if (time < from || time >= to) continue
    thirds[Math.min(2, Math.floor((3 * (time - from)) / (to - from))) as 0 | 1 | 2]++
  }
  return thirds
}

/** @param said what else is known of the load, for the message @throws AssertionError naming the third that is short */
export function assertThroughout(thirds: readonly number[], said: string): void {
  const words = `Pods admitted in the thirds of this time: ${thirds.join(', ')}; with fewer than ${LEAST} in one nothing is known of it. ${said}`
  assert.ok(
    thirds.every((count) => count >= LEAST),
    words,
  )
}
