/** Request bytes → an AdmissionReview (k8s.io/api/admission/v1). */
import { type Deny, deny } from '../mutate/answer/outcome.ts'
import { isObject } from '../mutate/pod/pod.ts'
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
  } catch {
    // V8's reason would quote the body.
    return refusalFor(body, deny('bad-review', 'the body is not JSON'))
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
  if ((kind.group ?? '') !== '' || kind.version !== 'v1' || !kinds.some((one) => one === kind.kind)) {
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
