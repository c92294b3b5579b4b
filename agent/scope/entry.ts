/** An entry of a map, and the policy and values that the entries are made of. */
import type { Variable } from '../policy/secrets/variables.ts'
import type { Config } from '../policy/types.ts'

export interface Entry {
  readonly map: 'scopes' | 'paths' | 'slots' | 'names' | 'numbers' | 'secret_values' | 'needles' | 'sieves'
  readonly key: Buffer
  readonly value: Buffer
}

/** The value of one variable of one binding. */
interface ResolvedValue {
  readonly binding: number
  readonly name: string
  readonly bytes: Buffer
}

export interface ScopeInput {
  /** Inode number of the PID namespace. */
  readonly scope: number
  readonly host: boolean
  readonly config: Config
  readonly variables: readonly Variable[]
  readonly values: readonly ResolvedValue[]
  readonly generation: number
}

/** Of the value at that place among those of a registration; 0 means none. */
export const valueNumber = (place: number): number => place + 1
