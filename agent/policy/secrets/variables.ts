/** Which variable of which container carries which placeholder: asked by the webhook and by the agent alike. */

import type { Binding, Config } from '../types.ts'
import { placeholder, slotsOf } from './placeholder.ts'

export interface Variable {
  readonly container: string
  readonly name: string
  readonly slot: string
  /** Bytes of the placeholder: the longest value it can take. */
  readonly capacity: number
  readonly placeholder: string
}

/** Whether a binding brings its variables to a container. */
export type IsFor = (binding: Binding, container: string) => boolean

export const isFor: IsFor = ({ selector }, container) => (selector.container ?? container) === container

/**
 * One per container and variable, in the order of the containers and then of the bindings. Two bindings may give one
 * variable to different programs of a container: the larger capacity wins, since there is one placeholder for both.
 * @param containers names of the containers that may carry placeholders; bindings to others yield nothing
 * @param nonce 32 hex digits, from the Pod's status
 * @param serves narrower at the webhook, which knows the Pod's sidecars: to the agent a placeholder that is not there is none
 */
export function variablesOf(
  config: Config,
  containers: readonly string[],
  nonce: string,
  serves: IsFor = isFor,
): Variable[] {
  const slotOf = slotsOf(nonce)
  return containers.flatMap((container) => {
    const capacities = capacitiesFor(config, container, serves)
    return [...capacities].map(([name, capacity]) => {
      const slot = slotOf(container, name)
      return { container, name, slot, capacity, placeholder: placeholder(slot, capacity) }
    })
  })
}

/** Bytes of the placeholders that `variablesOf` would make. */
export function capacityInAll(config: Config, containers: readonly string[], serves: IsFor = isFor): number {
  const all = containers.flatMap((container) => [...capacitiesFor(config, container, serves).values()])
  return all.reduce((sum, capacity) => sum + capacity, 0)
}

function capacitiesFor(config: Config, container: string, serves: IsFor): Map<string, number> {
  const capacities = new Map<string, number>()
  for (const binding of config.secrets) {
    if (!serves(binding, container)) continue
    for (const { name, capacity } of binding.secretRefs) {
      capacities.set(name, Math.max(capacity, capacities.get(name) ?? 0))
    }
  }
  return capacities
}
