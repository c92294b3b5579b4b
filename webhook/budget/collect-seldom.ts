/**
 * How often V8 collects the whole heap. Below 128 MB it does so whenever the heap has grown by a third (MemoryController::GrowingFactor,
 * heap-controller.cc): under floods three times a second, and each stops all answers for 5 to 15 ms. That was the larger part of the wait
 * of an ordinary client beside a flood. Where the heap may double it is less than half as often; give-back.ts returns the memory when the flood
 * is over.
 */
import { setFlagsFromString } from 'node:v8'

/** By how much the heap may grow between two collections, per cent of what the last one left. */
const GROWTH_PERCENT = 100

/** V8 reads it at the end of each collection, so that the first one may still come early. NODE_OPTIONS takes no such flag. */
export function collectSeldom(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`)
}
