/** The canary, tried before the agent says it is ready and again on a timer; its result goes to readiness, log and metrics. */
import type { Log } from '../events/sinks/log.ts'
import type { CanaryMetrics } from '../events/sinks/metrics.ts'
import type { Guard } from '../node/guard.ts'
import type { Policy } from '../policy/types.ts'
import { checkCanary } from './canary.ts'

/** A check takes some 50 ms of a core natively: at this distance less than a thousandth of it. */
const PERIOD_MS = 5 * 60_000

export interface CanaryWatch {
  /** Why protection does not stand; undefined while it does. */
  readonly broken: () => string | undefined
  /** Tries it now, because the policy is another. */
  readonly recheck: () => Promise<void>
  readonly close: () => void
}

/** @throws Error naming the probes not refused at the first check; later ones turn readiness off */
export async function watchCanary(
  guard: Guard,
  scope: number,
  policy: () => Policy,
  metrics: CanaryMetrics,
  log: Log,
): Promise<CanaryWatch> {
  let broken: string | undefined
  const check = async (): Promise<void> => {
    const checked = policy()
    const found = checked.mode === 'enforce' ? await problem(guard, scope, checked, metrics) : undefined
    if (checked !== policy()) return // the finding is not about the policy in force
    broken = found
    if (broken) log.say('error', 'CANARY', broken)
  }
  await check()
  if (broken) throw new Error(broken)
  let checks = Promise.resolve()
  const recheck = (): Promise<void> => {
    checks = checks.then(check) // never two at once: both would set the agent's mode
    return checks
  }
  const timer = setInterval(() => void recheck(), PERIOD_MS)
  timer.unref()
  return { broken: () => broken, recheck, close: () => clearInterval(timer) }
}

async function problem(
  guard: Guard,
  scope: number,
  policy: Policy,
  metrics: CanaryMetrics,
): Promise<string | undefined> {
  try {
    const findings = await checkCanary(guard, scope, policy)
    metrics.canary(findings)
    const leaks = findings.filter(({ verdict }) => verdict === 'leaked').map(({ way }) => way)
    return leaks.length ? `the canary's value was not refused: ${leaks.join(', ')}` : undefined
  } catch (error) {
    metrics.canary([])
    return `the canary could not be tried: ${(error as Error).message}`
  }
}
