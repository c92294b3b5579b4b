/** One running agent: secrets resolved, programs standing, scope registered, events flowing. Owns all of them. */
import { type CanaryWatch, watchCanary } from './canary/watch.ts'
import type { AgentConfig } from './config.ts'
import { openPipeline } from './events/pipeline.ts'
import type { Log } from './events/sinks/log.ts'
import { type Metrics, openMetrics } from './events/sinks/metrics.ts'
import { readCounters } from './kernel/counters.ts'
import type { ResolvedValue } from './kernel/entries.ts'
import { type Guard, openGuard } from './kernel/guard.ts'
import * as pins from './kernel/pins.ts'
import { processRecords, sealedIn } from './kernel/records.ts'
import { nextGeneration, openScopeRing, register, scopesOf, sweep, unregister } from './kernel/scope.ts'
import { killAbandoned, openWaiting } from './kernel/waiting.ts'
import type { Ring } from './libbpf/ring.ts'
import type { Binding } from './policy/types.ts'
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
  let ring: Ring | undefined
  try {
    guard.enroll(scope)
    const swept = sweep(guard)
    if (swept.length) log.say('info', 'SWEEP', `removed what ended scopes had left: ${swept.join(', ')}`, { swept })
    const count = () => readCounters(guard.map('counters'), scope)
    const sealed = () => sealedIn(processRecords(guard), scope)
    const metrics = openMetrics(count, sealed, guard, () => agent.config.policy.mode)
    const events = openScopeRing(guard, scope, agent.host)
    const bindings = () => agent.config.secrets
    const waiting = openWaiting(guard, scope, bindings, (set) => addedBy(agent.config.secrets, values, set))
    ring = openPipeline(events, bindings, log, metrics, waiting)
    endAbandoned(guard, scope, log)
    sayStanding(guard, log)
    const canary = await prove(agent, scope, log, guard, metrics)
    register(guard, { scope, ...agent, values, generation: nextGeneration(guard, scope) })
    return session({ agent, scope, log, guard, metrics, ring, canary })
  } catch (error) {
    ring?.close()
    guard.close()
    throw error
  }
}

/** The variables of a set of bindings that are added where there is no placeholder; kept by the agent for that alone. */
function addedBy(secrets: readonly Binding[], values: readonly ResolvedValue[], set: bigint): Map<string, Buffer> {
  const adds = (i: number): boolean => secrets[i]?.selector.withoutPlaceholder === 'add'
  const chosen = values.filter(({ binding }) => set & (1n << BigInt(binding)) && adds(binding))
  return new Map(chosen.map(({ name, bytes }) => [name, bytes]))
}

/** No secret is in the kernel before the canary was refused; one that is there already, from an earlier agent, stays. */
async function prove(
  agent: AgentConfig,
  scope: number,
  log: Log,
  guard: Guard,
  metrics: Metrics,
): Promise<CanaryWatch> {
  const isNew = !scopesOf(guard).includes(scope)
  if (isNew) {
    const config = { ...agent.config, secrets: [] }
    register(guard, { ...agent, scope, config, variables: [], values: [], generation: 1 })
  }
  try {
    return await watchCanary(guard, scope, () => agent.config.policy, metrics, log)
  } catch (error) {
    if (isNew) unregister(guard, scope)
    throw error
  }
}

interface Standing {
  readonly agent: AgentConfig
  readonly scope: number
  readonly log: Log
  readonly guard: Guard
  readonly metrics: Metrics
  readonly ring: Ring
  readonly canary: CanaryWatch
}

function session({ agent, scope, log, guard, metrics, ring, canary }: Standing): Session {
  let open = true
  const close = async (): Promise<void> => {
    if (!open) return
    open = false
    canary.close()
    if (agent.host) await leaveHost(guard, scope, log)
    else log.say('info', 'STOP', 'protection and delivery stay until the Pod ends')
    ring.close()
    guard.close()
  }
  const notReady = (): string | undefined => (open ? canary.broken() : 'the agent is stopping')
  return { metrics, tier: guard.tier, notReady, close }
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
