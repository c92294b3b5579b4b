/** The result of a cell, one kernel in one configuration, and when it is green. Pure. */
import type { Verdict } from '../../agent/attack/report/matrix.ts'
import type { Tally } from '../../agent/attack/sweep/request.ts'

export const CONFIGS = ['lsm', 'fmod_ret', 'locked'] as const
export type Config = (typeof CONFIGS)[number]

/** `kernelseal attack --json`. */
export interface AttackReport {
  /** The tiers: how accesses are refused, and values written. */
  readonly tier: string
  readonly delivery: string
  readonly attempts: readonly {
    readonly id: string
    readonly row: number
    readonly title: string
    readonly verdicts: Readonly<Record<string, Verdict>>
  }[]
  readonly counts: Readonly<Record<Verdict['kind'], number>>
  readonly exitStatus: number
}

/** `kernelseal attack --sweep --json`, without each attacker's findings. */
export interface SweepOutcome {
  readonly seed: number
  readonly budgetSeconds: number
  readonly attackers: readonly string[]
  readonly ways: { readonly unprotected: readonly string[]; readonly sealed: readonly string[] }
  readonly tried: { readonly unprotected: readonly Tally[]; readonly sealed: readonly Tally[] }
  readonly exitStatus: number
}

export interface TestReport {
  readonly passed: number
  readonly skipped: number
  /** Names. */
  readonly failed: readonly string[]
}

export interface CellResult {
  /** As scripts/vm calls it. */
  readonly kernel: string
  readonly config: Config
  readonly release: string
  readonly lsms: string
  readonly lockdown: string
  /** ISO 8601, day only. */
  readonly date: string
  readonly seconds: number
  readonly attack: AttackReport | { readonly error: string }
  /** In the configuration `lsm`. */
  readonly sweep?: SweepOutcome | { readonly error: string }
  readonly tests: TestReport
}

/** Why a result is not green; none: it is. A kernel other than the configured one proves nothing. */
export function faultsOf({ config, lsms, lockdown, attack, sweep, tests }: CellResult): string[] {
  const hasBpf = lsms.split(',').includes('bpf')
  const locked = lockdown.includes('[integrity]')
  const faults = [
    config === 'lsm' && !hasBpf && 'the kernel runs without `bpf` in its LSM list',
    config === 'fmod_ret' && hasBpf && 'the kernel runs with `bpf` in its LSM list',
    (config === 'locked') !== locked && `lockdown is \`${lockdown.trim()}\``,
    tests.passed === 0 && 'no test passed',
    ...tests.failed.map((name) => `failed: ${name}`),
    ...('error' in attack ? [`the suite did not run: ${attack.error}`] : faultsOfAttack(attack, hasBpf, locked)),
    ...(sweep ? faultsOfSweep(sweep) : []),
  ]
  return faults.filter((fault) => fault !== false)
}

function faultsOfAttack({ tier, delivery, counts, exitStatus }: AttackReport, hasBpf: boolean, locked: boolean) {
  return [
    tier !== (hasBpf ? 'lsm' : 'fmod_ret') && `refusal tier \`${tier}\``,
    delivery !== (locked ? 'stopped' : 'kernel') && `delivery tier \`${delivery}\``,
    exitStatus !== 0 && `attack: ${counts.leaked} leaked, ${counts.unproved} unproved, ${counts.refused} refused`,
  ]
}

function faultsOfSweep(sweep: SweepOutcome | { readonly error: string }): string[] {
  if ('error' in sweep) return [`the sweep did not run: ${sweep.error}`]
  if (sweep.exitStatus === 2) return ['sweep: its control found nothing']
  return sweep.ways.sealed.map((way) => `sweep: \`${way}\` shows a sealed target`)
}
