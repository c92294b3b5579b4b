/** A family of ways: steps, each of which may kill or hang its process without the others being lost. */
import type { Room } from './room.ts'

export interface Step {
  /** The attempt, for the progress and for the report of a death. */
  readonly label: string
  run(): void
}

export interface Family {
  readonly name: string
  /** Its part of the time, relative to the others'. */
  readonly share: number
  /** The steps there are for this attacker, in any order; the sweep shuffles them. */
  steps(room: Room): Step[]
}
