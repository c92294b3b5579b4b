/** `kernelseal attack --sweep`: not the ways that are known, but everything a kernel offers. */
import type { Attacker } from '../attack/runner/attackers.ts'
import { renderSweep, renderSweepJson, sweepStatusOf } from '../attack/sweep/report.ts'
import { holdSweep } from '../attack/sweep/sweep.ts'
import { newCleanup } from '../attack/targets/cleanup.ts'
import { UsageError } from '../policy/text/problems.ts'

export interface SweepValues {
  readonly seed: string
  readonly budget: string
  readonly json: boolean
  readonly verbose: boolean
}

/** @returns the exit status; @throws Error where it could not run */
export async function runSweep(
  attackers: readonly Attacker[],
  { seed, budget, json, verbose }: SweepValues,
  cleanup = newCleanup(),
): Promise<number> {
  const say = (text: string) => void process.stderr.write(`${text}\n`)
  const report = await holdSweep({
    attackers,
    cleanup,
    seed: whole('--seed', seed),
    budgetSeconds: whole('--budget', budget),
    onStage: (what) => say(`-- ${what}`),
    ...(verbose && { onStep: (what: string) => say(`   ${what}`) }),
  })
  process.stdout.write(`${json ? renderSweepJson(report) : renderSweep(report)}\n`)
  return sweepStatusOf(report)
}

/** @throws UsageError */
export function whole(option: string, text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new UsageError(`${option} is a positive whole number, not \`${text}\``)
}
