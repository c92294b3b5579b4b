/** One scope that an agent serves: registered and kept up to date, its events flowing. An agent may serve several. */
import type { AgentConfig } from '../config/load.ts'
import { openLeftPlaceholders } from '../delivery/left-placeholders.ts'
import { openWaiting } from '../delivery/stopped.ts'
import { openPipeline } from '../events/pipeline.ts'
import type { Log } from '../events/sinks/log.ts'
import type { Metrics } from '../events/sinks/metrics.ts'
import type { Freshness, RotationMetrics } from '../events/sinks/rotation-metrics.ts'
import type { Ring } from '../libbpf/ring.ts'
import type { Guard } from '../node/guard.ts'
import { openPredecessors } from '../node/handover.ts'
import { processRecords } from '../node/process-records.ts'
import type { Policy } from '../policy/types.ts'
import { type State, startReloads } from '../reload/reloads.ts'
import { freshness, type Registered } from '../reload/state.ts'
import { claimCgroup } from '../scope/cgroup.ts'
import { openScopeRings } from '../scope/rings.ts'
import { type Resolved, resolveAll } from '../sources/resolve.ts'
import type { Sources } from '../sources/sources.ts'
import { followEarlier } from './earlier-policy.ts'
import { leaveHostScope } from './leave-host.ts'
import { enterScope, killLeftWaiting, stopListening, takeOverFrom } from './lifecycle.ts'
import { watchPodLinks } from './pod-links.ts'

export interface ScopeOptions {
  readonly agent: AgentConfig
  /** Inode number of the PID namespace, or `cgroupScope` of the control group. */
  readonly scope: number
  /** The control group that is the scope: its path. */
  readonly cgroup?: string | undefined
  readonly log: Log
  readonly sources: Sources
  /** Reads the policy anew. @throws when it cannot be used */
  readonly load: () => AgentConfig
  /** Called when a configuration is registered, for outputs that follow it. */
  readonly applied?: ((agent: AgentConfig) => void) | undefined
  /** `--lock-policy`: no change that weakens. */
  readonly locked: boolean
  /** Whether the scope stays when the agent ends: a Pod's does, and ends with the Pod. */
  readonly stays: boolean
}

export interface ServedScope {
  readonly scope: number
  readonly policy: () => Policy
  /** Registrations so far. */
  readonly generation: () => number
  readonly freshness: () => Freshness
  /** Reads policy and values anew; an unusable configuration is reported, and changes nothing. */
  readonly reload: () => Promise<void>
  /** Ends the serving; the scope too, if it is a host's that does not stay and has no sealed processes. Safe to call twice. */
  readonly close: () => Promise<void>
}

/** Parts that an agent has once, for all of its scopes. */
export interface Shared {
  readonly guard: Guard
  readonly metrics: Metrics
  readonly rotation: RotationMetrics
  /** Resolves once protection has proved itself; no value is registered before. @throws when it does not stand */
  readonly prove: (agent: AgentConfig, policy: () => Policy) => Promise<void>
  /** A policy has changed: protection has to prove itself anew. */
  readonly recheck: () => Promise<void>
}

export const resolveValues = ({ sources }: Pick<ScopeOptions, 'sources'>, { config }: AgentConfig) =>
  resolveAll(config, sources)

/** @param early values that were read before the programs were loaded */
export async function serveScope(
  shared: Shared,
  options: ScopeOptions,
  early?: readonly Resolved[],
): Promise<ServedScope> {
  const { scope, log } = options
  const { guard } = shared
  const predecessors = openPredecessors(scope)
  await enterScope(guard, scope, log)
  let ring: Ring | undefined
  try {
    if (options.cgroup) claimCgroup(guard, options.cgroup)
    const agent = followEarlier(guard, options, shared.rotation)
    const values = early ?? (await resolveValues(options, agent))
    const state: State = { registered: { agent, values, generation: 0, changedAt: new Map() } }
    ring = openEvents(shared, options, state)
    killLeftWaiting(guard, scope, log)
    await shared.prove(agent, () => state.registered.agent.config.policy)
    const reloads = startReloads(guard, { ...options, agent }, state, shared.rotation, shared.recheck)
    takeOverFrom(predecessors, log)
    return served(guard, options, state, { ring, reloads })
  } catch (error) {
    stopListening(guard, scope, ring, log)
    throw error
  }
}

function openEvents({ guard, metrics }: Shared, { agent, scope, log }: ScopeOptions, state: State): Ring {
  const rings = openScopeRings(guard, scope, agent.host)
  const bindings = () => state.registered.agent.config.secrets
  const waiting = openWaiting(guard, scope, bindings, (set) => addedBy(state.registered, set))
  return openPipeline(rings, bindings, log, metrics, { waiting, left: openLeftPlaceholders(scope) })
}

/** The variables of a set of bindings that are added where there is no placeholder. */
function addedBy({ agent, values }: Registered, set: bigint): Map<string, Buffer> {
  const adds = (i: number): boolean => agent.config.secrets[i]?.selector.withoutPlaceholder === 'add'
  const chosen = values.filter(({ binding }) => set & (1n << BigInt(binding)) && adds(binding))
  return new Map(chosen.map(({ name, bytes }) => [name, bytes]))
}

interface Parts {
  readonly ring: Ring
  readonly reloads: ReturnType<typeof startReloads>
}

function served(guard: Guard, options: ScopeOptions, state: State, { ring, reloads }: Parts): ServedScope {
  const { scope, log, sources, stays } = options
  let open = true
  const { host } = state.registered.agent
  const endLinks = host ? undefined : watchPodLinks(() => state.registered.agent.config.secrets, log)
  const close = async (): Promise<void> => {
    if (!open) return
    open = false
    endLinks?.()
    reloads.close()
    if (stays) log.say('info', 'STOP', 'protection and delivery stay')
    else await leaveHostScope(guard, scope, log)
    stopListening(guard, scope, ring, log)
  }
  const reload = (): Promise<void> => {
    sources.forget()
    return reloads.ask({ policy: true })
  }
  return {
    scope,
    policy: () => state.registered.agent.config.policy,
    generation: () => state.registered.generation,
    freshness: () => freshness(processRecords(guard), scope, state.registered.changedAt),
    reload,
    close,
  }
}
