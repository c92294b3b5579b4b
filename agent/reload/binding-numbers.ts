/**
 * The number of a binding is its place in the list, and running processes carry it. So it stays with the binding's name
 * and selector for as long as a process may have it; a binding that is dropped is retired, not replaced.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Binding } from '../policy/types.ts'

/** The last of 64 bits is the canary's. */
const MOST = 63

/**
 * @param before as registered now, retired ones included
 * @param inUse set of bindings that living processes have
 * @returns the wanted bindings at their old or at free places, with the retired ones between them
 * @throws Error when there are more bindings and processes with dropped ones than numbers
 */
export function numbered(before: readonly Binding[], wanted: readonly Binding[], inUse: bigint): Binding[] {
  const places: (Binding | undefined)[] = before.map((old) => wanted.find((binding) => isSame(old, binding)))
  const isFree = (i: number): boolean => places[i] === undefined && (!before[i] || isVacant(before[i], i, inUse))
  for (const binding of wanted.filter((candidate) => !places.includes(candidate))) {
    let at = 0
    while (!isFree(at)) at++
    if (at >= MOST) throw new Error(`there are ${MOST} bindings, those included that running processes still have`)
    places[at] = binding
  }
  return places.map((binding, i) => binding ?? { ...before[i]!, retired: true as const })
}

/**
 * Of two selectors the kernel enforces the one that the process was started under. And a variable that a process may
 * have been given has to be known as this number's as long as it lives, or a scrub would leave it in the open.
 */
const isSame = (old: Binding, binding: Binding): boolean =>
  !old.retired &&
  old.name === binding.name &&
  isDeepStrictEqual(old.selector, binding.selector) &&
  old.secretRefs.every(({ name }) => binding.secretRefs.some((ref) => ref.name === name))

/**
 * Retired for one registration at least: a process that starts now can still be given a binding that was dropped just
 * now.
 */
const isVacant = (old: Binding, i: number, inUse: bigint): boolean =>
  old.retired === true && (inUse & (1n << BigInt(i))) === 0n
