/** The webhook's decisions, as constructors. An outcome is made once and never changed. */
import { visible } from '../../../agent/policy/text/suggest.ts'
import type { Operation } from './patch.ts'
import { type Reason, reasonEntry } from './reasons.ts'

interface Decided {
  readonly reason: Reason
  /** For the person at kubectl: one sentence each. */
  readonly warnings: readonly string[]
}
/**
 * Characters of a message that are answered and logged; more of a detail, which has names of the author's, is not looked at. Twenty
 * problems fit, as many as a reader of annotations repeats; a Pod may be refused for thousands.
 */
export const MAX_MESSAGE = 8192

export interface Inject extends Decided {
  readonly kind: 'inject'
  readonly operations: readonly Operation[]
}
export interface Skip extends Decided {
  readonly kind: 'skip'
  /** A mark that the Pod was looked at, for the policy that checks the result. */
  readonly operations?: readonly Operation[]
}
export interface Deny extends Decided {
  readonly kind: 'deny'
  /** Sentence, place, hint and the page to read. */
  readonly message: string
}
export interface Fail extends Decided {
  readonly kind: 'fail'
  readonly error: unknown
}
export type Outcome = Inject | Skip | Deny | Fail

export function inject(operations: readonly Operation[], warnings: readonly string[]): Inject {
  return { kind: 'inject', reason: operations.length === 0 ? 'nothing-to-change' : 'injected', operations, warnings }
}

export function skip(reason: Reason, warnings: readonly string[] = []): Skip {
  return { kind: 'skip', reason, warnings }
}

/** @param detail which container, variable or annotation, after the sentence of the reason */
export function deny(reason: Reason, detail?: string, warnings: readonly string[] = []): Deny {
  const { sentence, hint, page } = reasonEntry(reason)
  // Names stand here as the Pod has them, which nothing has validated yet.
  const message = `KernelSeal: ${sentence}${detail === undefined ? '' : `: ${visible(detail.slice(0, MAX_MESSAGE))}`}`
  const cure = [hint, page].filter((part) => part !== undefined).join('; see ')
  return { kind: 'deny', reason, message: cure === '' ? message : `${message} (${cure})`, warnings }
}

/** Something we did not foresee: the Pod is refused, because an unsealed start cannot be taken back. */
export function fail(error: unknown): Fail {
  return { kind: 'fail', reason: 'internal-error', warnings: [], error }
}
