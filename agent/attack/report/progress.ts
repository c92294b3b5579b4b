/** How far it is, on standard error: one line that changes, on a terminal only; or every outcome as it comes. */

import type { Outcome } from '../attempt.ts'
import type { AttackerName } from '../runner/attackers.ts'
import type { SideName } from '../runner/compare.ts'

export interface Progress {
  readonly onStage: (what: string) => void
  readonly onOutcome: (side: SideName, attacker: AttackerName, id: string, outcome: Outcome) => void
  /** Takes the changing line away. */
  readonly end: () => void
}

export interface ProgressOptions {
  /** Outcomes to come. */
  readonly total: number
  readonly verbose: boolean
  readonly to?: Pick<NodeJS.WriteStream, 'write' | 'isTTY'>
}

/** Carriage return, erase to the end of the line (ECMA-48, EL). */
const FRESH_LINE = '\r\x1b[K'

export function openProgress({ total, verbose, to = process.stderr }: ProgressOptions): Progress {
  let count = 0
  const show = (text: string) => {
    if (verbose) to.write(`${text}\n`)
    else if (to.isTTY) to.write(`${FRESH_LINE}${text}`)
  }
  return {
    onStage: (what) => show(`-- ${what}`),
    onOutcome: (side, attacker, id, outcome) => {
      count++
      const where = `[${count}/${total}] ${side}, ${attacker}: ${id}`
      show(verbose ? `${where}: ${describe(outcome)}` : where)
    },
    end: () => void (to.isTTY && !verbose && to.write(FRESH_LINE)),
  }
}

function describe({ kind, ...rest }: Outcome): string {
  return `${kind} ${Object.values(rest).join(' ')}`
}
