/** Which variable of which container carries which placeholder: asked by the webhook and by the agent alike. */

import type { Config } from '../types.ts'
import { placeholder, slotsOf } from './placeholder.ts'

export interface Variable {
  readonly container: string
  readonly name: string
  readonly slot: string
  /** Bytes of the placeholder: the longest value it can take. */
  readonly capacity: number
  readonly placeholder: string
}

/**
 * One per container and variable, in the order of the containers and then of the bindings. Two bindings may give one
 * variable to different programs of a container: the larger capacity wins, since there is one placeholder for both.
 * @param containers names of the containers that may carry placeholders; bindings to others yield nothing
 * @param nonce 32 hex digits, from the Pod's status
 */
export function variablesOf(config: Config, containers: readonly string[], nonce: string): Variable[] {
  const slotOf = slotsOf(nonce)
  return containers.flatMap((container) => {
    const capacities = capacitiesFor(config, container)
    return [...capacities].map(([name, capacity]) => {
      const slot = slotOf(container, name)
      return { container, name, slot, capacity, placeholder: placeholder(slot, capacity) }
    })
  })
}

/** Bytes of the placeholders that `variablesOf` would make. */
export function capacityInAll(config: Config, containers: readonly string[]): number {
  const all = containers.flatMap((container) => [...capacitiesFor(config, container).values()])
  return all.reduce((sum, capacity) => sum + capacity, 0)
}

function capacitiesFor(config: Config, container: string): Map<string, number> {
  const capacities = new Map<string, number>()
  for (const { selector, secretRefs } of config.secrets) {
    if (selector.container !== undefined && selector.container !== container) continue
    for (const { name, capacity } of secretRefs) {
      capacities.set(name, Math.max(capacity, capacities.get(name) ?? 0))
    }
  }
  return capacities
}
