/**
 * RFC 6902 operations, `add` and `replace` only, written straight against the raw JSON. Each member we own is set as
 * a whole, so that a Pod with 1,500 variables takes as many operations as one with three.
 */
import { isDeepStrictEqual } from 'node:util'
import { isObject } from '../pod/pod.ts'

export interface Operation {
  readonly op: 'add' | 'replace'
  /** JSON pointer, RFC 6901. */
  readonly path: string
  readonly value: unknown
}

/** The value a member shall have, by the steps that lead to it. All steps but the last must exist. */
export interface Change {
  readonly at: readonly (string | number)[]
  readonly value: unknown
}

/** One operation per change that changes something: `replace` where the member exists, `add` where it does not. */
export function patchOf(object: unknown, changes: readonly Change[]): Operation[] {
  return changes.flatMap(({ at, value }) => {
    const existing = memberAt(object, at)
    if (existing !== undefined && isDeepStrictEqual(existing, value)) return []
    return [{ op: existing === undefined ? 'add' : 'replace', path: pointer(at), value }] as const
  })
}

/** RFC 6901 §3: `~` becomes `~0` and `/` becomes `~1`. */
function pointer(steps: readonly (string | number)[]): string {
  return steps.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

function memberAt(object: unknown, at: readonly (string | number)[]): unknown {
  let value = object
  for (const step of at) {
    if (Array.isArray(value)) value = value[Number(step)]
    else if (isObject(value) && Object.hasOwn(value, step)) value = value[step]
    else return undefined
  }
  return value
}

/** A copy of the objects and lists along the way; all steps but the last must exist. */
export function withMember(object: unknown, [step, ...rest]: readonly (string | number)[], value: unknown): unknown {
  if (step === undefined) return value
  if (Array.isArray(object)) return object.with(Number(step), withMember(object[Number(step)], rest, value))
  const members = isObject(object) ? object : {}
  return { ...members, [step]: withMember(members[step], rest, value) }
}

/** The steps of a JSON pointer. */
export const stepsOf = (path: string): string[] =>
  path
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
