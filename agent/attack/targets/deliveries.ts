/**
 * Whether "found nothing" means anything: a program that an attempt started and that never got the needle has nothing to show.
 * Counted in the kernel, so that no event has to get through.
 */

import { attemptsById } from '../attempts/suite.ts'
import type { Outcomes } from '../runner/attacker.ts'
import type { Endpoint } from '../runner/endpoint.ts'

export interface Deliveries {
  /** Programs that got the value, or were killed because they could not have it, since it was last asked. */
  since(): Promise<number>
}

export async function countDeliveries({ metric }: Pick<Endpoint, 'metric'>): Promise<Deliveries> {
  const count = () => metric('kernelseal_secrets_injected_total', 'kernelseal_delivery_failed_total')
  let before = await count()
  const since = async () => {
    const now = await count()
    const difference = now - before
    before = now
    return difference
  }
  return { since }
}

/** @returns the complaint, if there were fewer deliveries than programs that showed nothing */
export function missingDeliveries(outcomes: Outcomes, delivered: number): string | undefined {
  const starters = attemptsById([...outcomes.keys()]).filter(({ starts }) => starts)
  const silent = starters.filter(({ id }) => outcomes.get(id)?.kind === 'empty').length
  return delivered < silent
    ? `${silent} programs that were started showed nothing, but ${delivered} had a value`
    : undefined
}
