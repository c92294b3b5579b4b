/** Templates of one binding that lead back to themselves, found in time that grows with the text and not with its square. */

import type { SecretRef } from '../types.ts'
import { templateReferences } from './template.ts'

/** The references of each template, read once. */
export function referencesOf(refs: readonly SecretRef[]): ReadonlyMap<string, readonly string[]> {
  return new Map(
    refs.flatMap(({ name, source }) =>
      source.kind === 'template' ? [[name, templateReferences(source.template)] as const] : [],
    ),
  )
}

/** One variable on the way, and which of its references is followed next. */
interface Step {
  readonly name: string
  next: number
}

/**
 * Depth first without recursion; each reference is followed once. A reference to a variable that is still on the way closes a chain.
 * @returns each chain that was closed, from the variable back to it, by that variable's name
 */
export function cyclesIn(references: ReadonlyMap<string, readonly string[]>): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>()
  const done = new Set<string>()
  for (const start of references.keys()) {
    const way: Step[] = [{ name: start, next: 0 }]
    const onTheWay = new Set([start])
    while (way.length > 0 && !done.has(start)) {
      const step = way.at(-1)!
      const reference = references.get(step.name)?.[step.next++]
      if (reference === undefined) {
        done.add(step.name)
        onTheWay.delete(step.name)
        way.pop()
      } else if (onTheWay.has(reference)) {
        if (!found.has(reference)) found.set(reference, chainFrom(way, reference))
      } else if (references.has(reference) && !done.has(reference)) {
        way.push({ name: reference, next: 0 })
        onTheWay.add(reference)
      }
    }
  }
  return found
}

function chainFrom(way: readonly Step[], name: string): string[] {
  const names = way.map((step) => step.name)
  return [...names.slice(names.indexOf(name)), name]
}
