/** Results of counts, as docs/counts.json keeps them. Pure. */
import type { Run } from './counts.ts'

export interface Result {
  /** A count's name. */
  readonly count: string
  /** As scripts/vm calls it. */
  readonly kernel: string
  /** ISO 8601, day only. */
  readonly date: string
  /** The code that it ran on (programs.ts): figures of other code are no figures any more. */
  readonly code: string
  readonly seconds: number
  readonly passed: number
  /** Names, or why no test ended. */
  readonly failed: readonly string[]
  /** Lines that the tests wrote. */
  readonly figures: readonly string[]
}

export type State = 'holds' | 'fails' | 'older code' | 'not run'

/** @param code of the working tree */
export function stateOf(run: Run, code: string, results: readonly Result[]): State {
  const result = resultOf(run, results)
  if (!result) return 'not run'
  if (result.code !== code) return 'older code'
  return isGood(result) ? 'holds' : 'fails'
}

export function resultOf({ count, kernel }: Run, results: readonly Result[]): Result | undefined {
  return results.find((result) => result.count === count.name && result.kernel === kernel)
}

/** A run in which nothing passed proves nothing. */
export function isGood({ passed, failed }: Result): boolean {
  return passed > 0 && failed.length === 0
}

/** The newer one in the place of the one it repeats. */
export function withResult(results: readonly Result[], added: Result): Result[] {
  return [...results.filter(({ count, kernel }) => count !== added.count || kernel !== added.kernel), added]
}
