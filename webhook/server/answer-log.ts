/** The log line of an answered review. What strangers wrote goes into it cut: a line must not be as long as a body. */
import { MAX_MESSAGE } from '../mutate/answer/outcome.ts'
import type { Answer } from '../review/endpoints.ts'
import type { Review } from '../review/review.ts'
import type { Log } from './log.ts'

/** The longest name or uid there is in Kubernetes (DNS-1123 subdomain). */
const LONGEST_NAME = 253

/** Injections at debug, because logging each costs a fifth of the throughput; refusals for the operator to see. */
export function logAnswer({ caller, review, outcome }: Answer, log: Log): void {
  const pod = review === undefined ? {} : { namespace: nameIn(review.namespace), name: podName(review) }
  const fields = { uid: nameIn(caller.uid), ...pod, outcome: outcome.kind, reason: outcome.reason }
  if (outcome.kind === 'fail') log.error({ ...fields, err: outcome.error }, 'admission failed')
  else if (outcome.kind === 'deny') log.info({ ...fields, message: outcome.message.slice(0, MAX_MESSAGE) }, 'refused')
  else if (outcome.reason === 'opted-out') log.info(fields, 'Pod opted out')
  else if (outcome.reason === 'debug-allowed') log.info(fields, 'debug session allowed')
  else log.debug(fields, 'admitted')
}

/** Of a Pod made by a controller only the prefix is known at admission. */
function podName({ name, object }: Review): string | undefined {
  if (name !== '') return nameIn(name)
  const metadata = (object as { metadata?: { name?: unknown; generateName?: unknown } } | null | undefined)?.metadata
  return nameIn(metadata?.name) ?? `${nameIn(metadata?.generateName) ?? ''}*`
}

/** @param given anything: it was not checked to be text */
const nameIn = (given: unknown): string | undefined =>
  typeof given === 'string' ? given.slice(0, LONGEST_NAME) : undefined
