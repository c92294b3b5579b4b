/** An outcome → the AdmissionReview that answers (k8s.io/api/admission/v1). */
import { visible } from '../../agent/policy/text/suggest.ts'
import { MAX_MESSAGE, type Outcome } from '../mutate/answer/outcome.ts'
import { reasonEntry } from '../mutate/answer/reasons.ts'
import type { Caller } from './review.ts'

/** The reason that kubectl and the audit log show for each code. */
const STATUS_REASONS: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  403: 'Forbidden',
  413: 'RequestEntityTooLarge',
  422: 'Invalid',
  500: 'InternalError',
}

/** An AdmissionReview with the response: allowed with a patch, allowed untouched, or refused with a status. */
export function respond({ uid, apiVersion }: Caller, outcome: Outcome) {
  const allowed = outcome.kind === 'inject' || outcome.kind === 'skip'
  const warnings = cutWarnings(outcome.warnings)
  return {
    apiVersion,
    kind: 'AdmissionReview',
    response: {
      uid,
      allowed,
      ...(allowed ? {} : { status: statusOf(outcome) }),
      ...patchFields(outcome),
      ...(warnings.length > 0 && apiVersion !== 'admission.k8s.io/v1beta1' ? { warnings } : {}),
      // The API server puts the webhook's name before each key. It keeps the first value of a key and logs a warning for
      // another one, so a second pass that finds all done leaves the first one's word.
      ...(outcome.reason === 'nothing-to-change'
        ? {}
        : { auditAnnotations: { outcome: outcome.kind, reason: outcome.reason } }),
    },
  }
}

function statusOf(outcome: Outcome) {
  const { code, sentence } = reasonEntry(outcome.reason)
  const message = outcome.kind === 'deny' ? cutTo(outcome.message, MAX_MESSAGE) : `KernelSeal: ${sentence}`
  return { status: 'Failure', message, reason: STATUS_REASONS[code], code }
}

function patchFields(outcome: Outcome) {
  const operations = outcome.kind === 'inject' || outcome.kind === 'skip' ? (outcome.operations ?? []) : []
  if (operations.length === 0) return {}
  return { patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(operations)).toString('base64') }
}

const cutTo = (text: string, length: number): string => (text.length > length ? `${text.slice(0, length - 1)}…` : text)

/** Beyond 120 characters each and 4,096 in all the API server cuts or drops warnings (k8s.io/api/admission/v1). */
const MAX_WARNING = 120
const MAX_WARNINGS = 4096

/** One by one, so that those which no longer fit are not made: there may be one for each entry of a Pod. */
function cutWarnings(warnings: readonly string[]): string[] {
  const kept: string[] = []
  let left = MAX_WARNINGS
  for (const whole of warnings) {
    const text = cutTo(visible(whole.slice(0, MAX_WARNING + 1)), MAX_WARNING)
    // Bytes, not characters: the server counts those.
    left -= Buffer.byteLength(text)
    if (left < 0) break
    kept.push(text)
  }
  return kept
}
