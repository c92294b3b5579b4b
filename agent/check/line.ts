/** A line of the check: a subject, how it stands, and the cure. */
import type { Facts, Known } from './facts.ts'

export const SUBJECTS = [
  'cluster',
  'webhook',
  'certificate',
  'images',
  'policies',
  'namespaces',
  'nodes',
  'pods',
] as const
export type Subject = (typeof SUBJECTS)[number]

/** `unknown`: it could not be looked at, and the cure is how to learn it. */
type State = 'ok' | 'warn' | 'unknown' | 'fail'

export interface Finding {
  readonly state: State
  /** The place and the fault. */
  readonly found: string
  readonly fix?: string
}

export interface Line extends Finding {
  readonly what: Subject
}

export const ok = (found: string): Finding => ({ state: 'ok', found })
export const warn = (found: string, fix: string): Finding => ({ state: 'warn', found, fix })
export const fail = (found: string, fix: string): Finding => ({ state: 'fail', found, fix })
export const unknown = (found: string, fix?: string): Finding => ({
  state: 'unknown',
  found,
  ...(fix === undefined ? {} : { fix }),
})

/** Of facts that could not be had. The line `cluster` has the cure where it is a right. */
export const notKnown = ({ refused, forbidden }: Extract<Known<unknown>, { refused: string }>): Finding =>
  unknown(forbidden ? 'not known: you may not read it' : `not known: ${refused}`)

/** The first minor version with ValidatingAdmissionPolicy, v1 (KEP-3488), which the overlays for older servers lack. */
export const FIRST_WITH_POLICIES = 30

/** The cure of all that the manifests have and the cluster lacks. */
export const installOn = ({ minor }: Facts['server']): string =>
  minor < FIRST_WITH_POLICIES
    ? `kubectl apply -k deploy/overlays/kubernetes-1.${minor < 21 ? 20 : 21}, or helm upgrade --install (deploy/README.md)`
    : 'kubectl apply -k deploy/overlays/self-signed, or helm upgrade --install (deploy/README.md)'

/** The same where something of it is there: another overlay would exchange the kind of its certificate. */
export const REPAIR = 'kubectl apply -k the overlay that it was installed with, or helm upgrade (deploy/README.md)'

/** Lines of one subject at most: a cluster of thousands of Pods has thousands of the same fault. */
const MOST = 8

/** @param faults those that were found; none: `good` */
export function linesOf(what: Subject, faults: readonly Finding[], good: () => Finding): Line[] {
  if (faults.length === 0) return [{ what, ...good() }]
  const worst = [...faults].sort((a, b) => WEIGHT[b.state] - WEIGHT[a.state])
  const shown = worst.slice(0, MOST).map((finding) => ({ what, ...finding }))
  const left = worst.length - MOST
  return left > 0 ? [...shown, { what, state: worst[MOST]!.state, found: `and ${left} more like these` }] : shown
}

const WEIGHT: Readonly<Record<State, number>> = { ok: 0, unknown: 1, warn: 2, fail: 3 }

/** `1 Pod`, `2 Pods` */
export const counted = (number: number, word: string): string => `${number} ${word}${number === 1 ? '' : 's'}`
