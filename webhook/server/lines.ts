/**
 * Lines about requests, bounded in rate. Any Pod that reaches the port may cause one with each request, thousands a second, and a log
 * that is cut or thrown away at a size would lose the others. By address, so that a flood holds back its own.
 */
import { openBuckets } from '../budget/buckets.ts'
import type { Log } from './log.ts'

/** Lines of one kind from one address, at once and a second: more than an API server's refusals. */
const BURST = 100
const PER_SECOND = 20
/** Of an address and a kind; beyond, the one seen longest ago starts anew. */
const MOST_BUCKETS = 1024

/**
 * @param heldBack one more line was not written
 * @param now ms
 * @returns the log for requests of an address; its lines of level debug pass, since they were asked for
 */
export function boundLines(
  log: Log,
  heldBack: () => void,
  now: () => number = () => performance.now(),
): (address: string) => Log {
  const rates = { burst: BURST, perSecond: PER_SECOND, most: MOST_BUCKETS }
  const bucketOf = openBuckets(rates, () => ({ heldBack: 0 }), now)
  const at = (level: 'info' | 'warn' | 'error', address: string) => (fields: object, message: string) => {
    const bucket = bucketOf(`${address} ${message}`)
    if (bucket.tokens < 1) {
      bucket.heldBack++
      return heldBack()
    }
    bucket.tokens--
    log[level](bucket.heldBack === 0 ? fields : { ...fields, heldBack: bucket.heldBack }, message)
    bucket.heldBack = 0
  }
  return (address) => ({
    debug: (fields, message) => log.debug(fields, message),
    info: at('info', address),
    warn: at('warn', address),
    error: at('error', address),
  })
}
