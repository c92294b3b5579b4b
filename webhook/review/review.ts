/** Request bytes → an AdmissionReview, and an outcome → the response to it (k8s.io/api/admission/v1). */
import { visible } from '../../agent/policy/text/suggest.ts'
import { type Deny, deny, MAX_MESSAGE, type Outcome } from '../mutate/outcome.ts'
import { isObject } from '../mutate/pod.ts'
import { reasonEntry } from '../mutate/reasons.ts'
import { beyondBounds } from './json-bounds.ts'
import { uidIn } from './uid.ts'

const API_VERSIONS = ['admission.k8s.io/v1', 'admission.k8s.io/v1beta1'] as const
type ApiVersion = (typeof API_VERSIONS)[number]

/** The receiver of the answer. */
export interface Caller {
  readonly uid: string
  readonly apiVersion: ApiVersion
}

/** A request about a Pod or something of it, of any operation. */
export interface Review extends Caller {
  readonly operation: string
  readonly subResource: string
  readonly namespace: string | undefined
  readonly name: string
  /** Raw JSON of the Pod; undefined for DELETE. */
  readonly object: unknown
  /** As it was before; undefined for CREATE and CONNECT. */
  readonly oldObject?: unknown
}

/** `review` can be decided; `refusal` has a request to answer; `unanswerable` is an HTTP error. */
export type Reading =
  | { readonly kind: 'review'; readonly review: Review }
  | { readonly kind: 'refusal'; readonly caller: Caller; readonly outcome: Deny }
  | { readonly kind: 'unanswerable'; readonly problem: string }

/** How far into a broken body the uid is looked for: the API server writes it within the first hundred bytes. */
const HEAD_LENGTH = 64 * 1024

/** @param kinds of the core group, version 1, that may be asked about here */
export function readReview(body: Buffer, kinds: readonly string[] = ['Pod']): Reading {
  const beyond = beyondBounds(body)
  if (beyond !== undefined) return refusalFor(body, deny('bad-review', `the body ${beyond}`))
  let value: unknown
  try {
    value = JSON.parse(body.toString('utf8'))
  } catch (error) {
    return refusalFor(body, deny('bad-review', `the body is not JSON: ${(error as Error).message.slice(0, 200)}`))
  }
  const request = isObject(value) ? value.request : undefined
  const uid = isObject(request) ? request.uid : undefined
  if (typeof uid !== 'string' || uid === '')
    return { kind: 'unanswerable', problem: 'the body carries no `request.uid`' }
  const caller = { uid, apiVersion: apiVersionOf(value) }
  const problem = problemIn(value as Record<string, unknown>, request as Record<string, unknown>, kinds)
  if (problem !== undefined) return { kind: 'refusal', caller, outcome: deny('bad-review', problem) }
  return { kind: 'review', review: { ...caller, ...fieldsOf(request as Record<string, unknown>) } }
}

/** The answer to a body that cannot be read whole, when its beginning names the request. */
export function refusalFor(head: Buffer, outcome: Deny): Reading {
  const text = head.subarray(0, HEAD_LENGTH).toString('utf8')
  const uid = uidIn(text)
  if (uid === undefined) return { kind: 'unanswerable', problem: outcome.message }
  const apiVersion = text.includes('admission.k8s.io/v1beta1') ? API_VERSIONS[1] : API_VERSIONS[0]
  return { kind: 'refusal', caller: { uid, apiVersion }, outcome }
}

function apiVersionOf(value: unknown): ApiVersion {
  const given = isObject(value) ? value.apiVersion : undefined
  return API_VERSIONS.find((version) => version === given) ?? API_VERSIONS[0]
}

function problemIn(
  review: Record<string, unknown>,
  request: Record<string, unknown>,
  kinds: readonly string[],
): string | undefined {
  if (review.kind !== 'AdmissionReview') return '`kind` is not `AdmissionReview`'
  if (!API_VERSIONS.some((version) => version === review.apiVersion)) {
    return `\`apiVersion\` is not ${API_VERSIONS.map((version) => `\`${version}\``).join(' or ')}`
  }
  const { kind } = request
  if (!isObject(kind)) return '`request.kind` is missing'
  if ((kind.group ?? '') !== '' || kind.version !== 'v1' || !kinds.includes(String(kind.kind))) {
    return `\`request.kind\` is not a v1 ${kinds.join(', ')}: check the \`rules\` of the webhook configuration`
  }
  return undefined
}

function fieldsOf(request: Record<string, unknown>): Omit<Review, keyof Caller> {
  return {
    operation: textOr(request.operation, ''),
    subResource: textOr(request.subResource, ''),
    namespace: textOr(request.namespace, '') || undefined,
    name: textOr(request.name, ''),
    object: request.object,
    oldObject: request.oldObject,
  }
}

const textOr = (value: unknown, otherwise: string): string => (typeof value === 'string' ? value : otherwise)

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

function cutWarnings(warnings: readonly string[]): string[] {
  let left = MAX_WARNINGS
  return warnings
    .map((text) => cutTo(visible(text.slice(0, MAX_WARNING + 1)), MAX_WARNING))
    .filter((text) => {
      // Bytes, not characters: the server counts those.
      left -= Buffer.byteLength(text)
      return left >= 0
    })
}
