/** One running agent: secrets resolved, programs standing, scope registered, events flowing. Owns all of them. */
import type { AgentConfig } from './config.ts'
import { openPipeline } from './events/pipeline.ts'
import type { Log } from './events/sinks/log.ts'
import { type Metrics, openMetrics } from './events/sinks/metrics.ts'
import { readCounters } from './kernel/counters.ts'
import { type Guard, openGuard } from './kernel/guard.ts'
import * as pins from './kernel/pins.ts'
import { processRecords, sealedIn } from './kernel/records.ts'
import { nextGeneration, openScopeRing, register, scopesOf, sweep, unregister } from './kernel/scope.ts'
import { killAbandoned, openWaiting } from './kernel/waiting.ts'
import type { Ring } from './libbpf/ring.ts'
import { resolveAll } from './sources/resolve.ts'

export interface Session {
  readonly metrics: Metrics
  readonly tier: string
  /** Undefined while protection stands; otherwise why it does not. */
  readonly notReady: () => string | undefined
  /** Ends the agent; on a host without sealed processes the scope too. Safe to call twice. */
  readonly close: () => Promise<void>
}

/** @param scope inode number of the PID namespace; everything that can fail has failed before this returns */
export async function startSession(agent: AgentConfig, scope: number, log: Log): Promise<Session> {
  const values = resolveAll(agent.config)
  const guard = await openGuard()
  try {
    guard.enroll(scope)
    const swept = sweep(guard)
    if (swept.length) log.say('info', 'SWEEP', `removed what ended scopes had left: ${swept.join(', ')}`, { swept })
    const count = () => readCounters(guard.map('counters'), scope)
    const sealed = () => sealedIn(processRecords(guard), scope)
    const metrics = openMetrics(count, sealed, guard, () => agent.config.policy.mode)
    const events = openScopeRing(guard, scope, agent.host)
    const ring = openPipeline(events, () => agent.config.secrets, log, metrics, openWaiting(guard, scope))
    endAbandoned(guard, scope, log)
    register(guard, { scope, ...agent, values, generation: nextGeneration(guard, scope) })
    sayStanding(guard, log)
    return session(agent, scope, log, guard, metrics, ring)
  } catch (error) {
    guard.close()
    throw error
  }
}

function session(agent: AgentConfig, scope: number, log: Log, guard: Guard, metrics: Metrics, ring: Ring): Session {
  let open = true
  const close = async (): Promise<void> => {
    if (!open) return
    open = false
    if (agent.host) await leaveHost(guard, scope, log)
    else log.say('info', 'STOP', 'protection and delivery stay until the Pod ends')
    ring.close()
    guard.close()
  }
  return { metrics, tier: guard.tier, notReady: () => (open ? undefined : 'the agent is stopping'), close }
}

function endAbandoned(guard: Guard, scope: number, log: Log): void {
  const killed = killAbandoned(guard, scope)
  if (!killed.length) return
  const text = `killed what an earlier agent had left waiting for its values: PID ${killed.join(', ')}`
  log.say('error', 'FAIL', text, { event: 'fail', reason: 'agent-lost', killed })
}

const ORIGINS = {
  adopted: (programs: number) => `adopted the node's ${programs} programs`,
  pinned: (programs: number) => `${programs} programs attached and pinned`,
  own: (programs: number) =>
    `${programs} programs attached; no bpf file system at /sys/fs/bpf, so protection ends with this agent`,
} as const

function sayStanding(guard: Guard, log: Log): void {
  const level = guard.origin === 'own' ? 'warn' : 'info'
  const text = `${ORIGINS[guard.origin](guard.programs.length)}; refusal tier ${guard.tier}, delivery tier ${guard.delivery}`
  log.say(level, 'OK', text, { tier: guard.tier, delivery: guard.delivery, origin: guard.origin })
}

/**
 * A host's scope does not end by itself. With sealed processes left it stays, so that they stay sealed; without, it
 * goes, and with the last scope of the node everything that was loaded.
 */
async function leaveHost(guard: Guard, scope: number, log: Log): Promise<void> {
  const left = sealedIn(processRecords(guard), scope)
  if (left > 0 && guard.origin !== 'own') {
    log.say('warn', 'STOP', `${left} sealed processes live on: protection stays; \`kernelseal unload\` ends it`, {
      left,
    })
    return
  }
  log.say('info', 'STOP', 'taking the scope away')
  unregister(guard, scope)
  if (guard.origin !== 'own') await pins.withLock(() => (scopesOf(guard).length ? undefined : pins.unpinSet()))
}
