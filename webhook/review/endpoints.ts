/** A request's bytes → the answer's text, without a server: the API server's questions, and the decision on each. */

import { deny, fail, type Outcome, skip } from '../mutate/answer/outcome.ts'
import type { GuardedCluster } from '../mutate/cluster/cluster.ts'
import { type InjectionSettings, injectPod } from '../mutate/inject.ts'
import { guardAnnotations } from './annotation-guard.ts'
import { BODY_LIMIT, type Body } from './body.ts'
import { GUARDED_KINDS, guard } from './guard.ts'
import { respond } from './response.ts'
import { type Caller, type Reading, type Review, readReview, refusalFor } from './review.ts'

export interface JourneyDeps {
  readonly settings: InjectionSettings
  nonce(): string
  readonly cluster: GuardedCluster
}

/** A path the API server posts to: the kinds it may ask about there, and how they are decided. */
export interface Journey {
  readonly kinds: readonly string[]
  decide(review: Review, deps: JourneyDeps): Outcome
}

export const JOURNEYS = {
  '/mutate': { kinds: ['Pod'], decide: decidePod },
  '/validate': {
    kinds: GUARDED_KINDS,
    decide: (review, { cluster, settings }) => {
      const { operation, subResource, namespace, object, oldObject } = review
      if (operation === 'UPDATE' && subResource === '')
        return guardAnnotations(object, oldObject, settings.agent, namespace)
      return guard(review, cluster.allowsDebug(review.namespace), {
        locked: settings.agent.lockPolicy === true,
        agentMayBeFirst: !cluster.nativeSidecars(),
      })
    },
  },
} as const satisfies Record<string, Journey>

/** `text` is an AdmissionReview; `review` is there when the request could be read. */
export interface Answer {
  readonly kind: 'answer'
  readonly caller: Caller
  readonly review: Review | undefined
  readonly outcome: Outcome
  readonly text: string
}

/** @returns an answer wherever the request carried a uid; never throws */
export function answerTo(
  body: Body | undefined,
  journey: Journey,
  deps: JourneyDeps,
): Answer | Extract<Reading, { readonly kind: 'unanswerable' }> {
  const reading = readingOf(body, journey.kinds)
  if (reading.kind === 'unanswerable') return reading
  const review = reading.kind === 'review' ? reading.review : undefined
  const caller: Caller = reading.kind === 'review' ? reading.review : reading.caller
  const decided = reading.kind === 'review' ? decideSafely(reading.review, journey, deps) : reading.outcome
  return { kind: 'answer', caller, review, ...serialise(caller, decided) }
}

function readingOf(body: Body | undefined, kinds: readonly string[]): Reading {
  if (body === undefined) return { kind: 'unanswerable', problem: 'the request has no body' }
  if (body.kind === 'whole') return readReview(body.bytes, kinds)
  return refusalFor(body.head, deny('body-too-large', `the limit is ${BODY_LIMIT} bytes`))
}

function decideSafely(review: Review, journey: Journey, deps: JourneyDeps): Outcome {
  try {
    return journey.decide(review, deps)
  } catch (error) {
    return fail(error)
  }
}

function decidePod(review: Review, { settings, nonce, cluster }: JourneyDeps): Outcome {
  if (review.operation !== 'CREATE' || review.subResource !== '') return skip('not-a-creation')
  const namespace = review.namespace === undefined ? {} : { namespace: review.namespace }
  return injectPod(review.object, settings, { nonce, cluster, ...namespace })
}

/** A patch may repeat a stranger's structure that is nested too deep for the serialiser; that too is answered. */
function serialise(caller: Caller, outcome: Outcome): { readonly outcome: Outcome; readonly text: string } {
  try {
    return { outcome, text: JSON.stringify(respond(caller, outcome)) }
  } catch (error) {
    const failure = fail(error)
    return { outcome: failure, text: JSON.stringify(respond(caller, failure)) }
  }
}
