/** One running agent: secrets resolved, programs loaded, scope registered, events flowing. Owns all of them. */
import type { AgentConfig } from './config.ts'
import { openPipeline } from './events/pipeline.ts'
import type { Log } from './events/sinks/log.ts'
import { type Metrics, openMetrics } from './events/sinks/metrics.ts'
import { loadGuard } from './kernel/guard.ts'
import { register, unregister } from './kernel/scope.ts'
import { resolveAll } from './sources/resolve.ts'

export interface Session {
  readonly metrics: Metrics
  readonly tier: string
  /** Undefined while protection stands; otherwise why it does not. */
  readonly notReady: () => string | undefined
  /** Takes the scope away, then the programs. Safe to call twice. */
  readonly close: () => void
}

/** @param scope inode number of the PID namespace; everything that can fail has failed before this returns */
export function startSession(agent: AgentConfig, scope: number, log: Log): Session {
  const { config, host, variables } = agent
  const values = resolveAll(config)
  const guard = loadGuard()
  try {
    const metrics = openMetrics(guard.counters, guard.tier, () => config.policy.mode)
    const ring = openPipeline(guard.object.map('events'), () => config.secrets, log, metrics)
    guard.enroll(scope)
    const registration = register(guard.object, { scope, host, config, variables, values, generation: 1 })
    let open = true
    const close = (): void => {
      if (!open) return
      open = false
      unregister(guard.object, scope, registration)
      ring.close()
      guard.close()
    }
    log.say('info', 'OK', `${guard.programs.length} programs attached, tier ${guard.tier}`, { tier: guard.tier })
    return { metrics, tier: guard.tier, notReady: () => (open ? undefined : 'the agent is stopping'), close }
  } catch (error) {
    guard.close()
    throw error
  }
}
