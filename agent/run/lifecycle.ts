/** How a scope begins, with a canary that proves protection, and how its agent stops listening. */
import { type CanaryWatch, watchCanary } from '../canary/watch.ts'
import type { AgentConfig } from '../config/load.ts'
import { killAbandoned } from '../delivery/stopped.ts'
import type { Log } from '../events/sinks/log.ts'
import type { CanaryMetrics } from '../events/sinks/metrics.ts'
import type { Ring } from '../libbpf/ring.ts'
import type { Guard } from '../node/guard.ts'
import type { Predecessor } from '../node/handover.ts'
import * as pins from '../node/pins.ts'
import type { Policy } from '../policy/types.ts'
import { OUTDATED_MS, register } from '../scope/registration.ts'
import { closeScopeRings } from '../scope/rings.ts'
import { scopesOf, sweep, unregister } from '../scope/scope.ts'
import { enforcePolicy } from '../scope/standing-policy.ts'

/**
 * Becomes the scope's agent, and removes the entries of earlier scopes. Both under the lock, since the numbers of
 * scopes are used again: an agent that gets the number of a scope being removed enrols after that.
 */
export async function enterScope(guard: Guard, scope: number, log: Log): Promise<void> {
  const enter = (): number[] => {
    guard.enroll(scope)
    return sweep(guard, scope)
  }
  const swept = guard.origin === 'own' ? enter() : await pins.withLock(enter)
  // Processes stopped for the agent before us would wait for ever, and so would those that start until we listen.
  closeScopeRings(guard, scope)
  killLeftWaiting(guard, scope, log)
  if (swept.length) log.say('info', 'SWEEP', `removed entries of ended scopes: ${swept.join(', ')}`, { swept })
}

/** No secret is in the kernel before the canary was refused; one that is there already, from an earlier agent, stays. */
export async function awaitCanary(
  agent: AgentConfig,
  scope: number,
  log: Log,
  guard: Guard,
  metrics: CanaryMetrics,
  policy: () => Policy,
): Promise<CanaryWatch> {
  const undo = scopesOf(guard).includes(scope) ? enforcePolicy(guard, scope, agent) : registerEmpty(guard, scope, agent)
  try {
    return await watchCanary(guard, scope, policy, metrics, log)
  } catch (error) {
    undo()
    throw error
  }
}

/** @returns takes it away again */
function registerEmpty(guard: Guard, scope: number, agent: AgentConfig): () => void {
  const config = { ...agent.config, secrets: [] }
  register(guard, { ...agent, scope, config, variables: [], values: [], generation: 1 }).takeAwayOutdated()
  return () => unregister(guard, scope)
}

/** Once the scope is registered in our own set. */
export function takeOverFrom(predecessors: readonly Predecessor[], log: Log): void {
  for (const { abi, takeOver } of predecessors) {
    setTimeout(takeOver(), OUTDATED_MS).unref()
    log.say(
      'info',
      'OK',
      `took the scope over from version ${abi}, whose programs go on guarding the processes they sealed`,
      {
        abi,
      },
    )
  }
}

export function killLeftWaiting(guard: Guard, scope: number, log: Log): void {
  const killed = killAbandoned(guard, scope)
  if (!killed.length) return
  const text = `killed processes that an earlier agent had left waiting for their values: PID ${killed.join(', ')}`
  log.say('error', 'FAIL', text, { event: 'fail', reason: 'agent-lost', killed })
}

/**
 * Ends in that order: no new process is stopped for us, the stopped ones are served, and the rest, which would wait
 * for ever, is killed.
 */
export function stopListening(guard: Guard, scope: number, ring: Ring | undefined, log: Log): void {
  closeScopeRings(guard, scope)
  ring?.close()
  killLeftWaiting(guard, scope, log)
}

const ORIGINS = {
  adopted: (programs: number) => `adopted the node's ${programs} programs`,
  pinned: (programs: number) => `${programs} programs attached and pinned`,
  own: (programs: number) =>
    `${programs} programs attached; no bpf file system at /sys/fs/bpf, so protection ends with this agent`,
} as const

export function logStatus(guard: Guard, log: Log): void {
  const level = guard.origin === 'own' ? 'warn' : 'info'
  const text = `${ORIGINS[guard.origin](guard.programs.length)}; refusal tier ${guard.tier}, delivery tier ${guard.delivery}`
  log.say(level, 'OK', text, { tier: guard.tier, delivery: guard.delivery, origin: guard.origin })
}
