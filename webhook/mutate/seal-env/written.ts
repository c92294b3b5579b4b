/** Bindings as they are written in an annotation. */
import { type Capacities, capacityOf } from '../../../agent/policy/secrets/capacities.ts'
import { DEFAULT_CAPACITY } from '../../../agent/policy/secrets/placeholder.ts'

export type WrittenSource = { secretKeyRef: { name: string; key: string } } | { template: string }
export interface WrittenRef {
  readonly name: string
  readonly source: WrittenSource
  /** Bytes, where it is another than usual. */
  readonly capacity?: number
}

export function written(name: string, source: WrittenSource, capacities: Capacities): WrittenRef {
  const capacity = capacityOf(capacities, name)
  return capacity === DEFAULT_CAPACITY ? { name, source } : { name, source, capacity }
}
