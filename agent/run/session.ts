/** One running agent: programs standing, scope registered and kept up to date, events flowing. Owns all of them. */
import { type ProgramsWatch, watchPrograms } from '../canary/programs-watch.ts'
import type { CanaryWatch } from '../canary/watch.ts'
import type { AgentConfig } from '../config/load.ts'
import { openWaiting } from '../delivery/stopped.ts'
import { openPipeline } from '../events/pipeline.ts'
import type { Log } from '../events/sinks/log.ts'
import { type Metrics, openMetrics } from '../events/sinks/metrics.ts'
import type { Ring } from '../libbpf/ring.ts'
import { readCounters } from '../node/counters.ts'
import { type Guard, openGuard } from '../node/guard.ts'
import { openPredecessors } from '../node/handover.ts'
import { holdPins, isAnyPinned, withLock } from '../node/pins.ts'
import { processRecords, sealedIn } from '../node/process-records.ts'
import { type Reloads, type State, startReloads } from '../reload/reloads.ts'
import type { Registered } from '../reload/state.ts'
import { claimCgroup } from '../scope/cgroup.ts'
import { giveBack, openScopeRings, withhold } from '../scope/scope.ts'
import { resolveAll } from '../sources/resolve.ts'
import type { Sources } from '../sources/sources.ts'
import {
  awaitCanary,
  enterScope,
  keepBindingNumbers,
  keepStrongerPolicy,
  killLeftWaiting,
  leaveHostScope,
  logStatus,
  stopListening,
  takeOverFrom,
} from './lifecycle.ts'

export interface Session {
  readonly metrics: Metrics
  readonly tier: string
  /** Undefined while protection stands; otherwise why it does not. */
  readonly notReady: () => string | undefined
  /** Reads policy and values anew; an unusable configuration is reported, and changes nothing. */
  readonly reload: () => Promise<void>
  /** Ends the agent; the scope too, if it is a host's that does not stay and has no sealed processes. Safe to call twice. */
  readonly close: () => Promise<void>
}

export interface SessionOptions {
  readonly agent: AgentConfig
  /** Inode number of the PID namespace, or `cgroupScope` of the control group. */
  readonly scope: number
  /** The control group that is the scope: its path. */
  readonly cgroup?: string | undefined
  readonly log: Log
  readonly sources: Sources
  /** Reads the policy anew. @throws when it cannot be used */
  readonly load: () => AgentConfig
  /** `--lock-policy`: no change that weakens. */
  readonly locked: boolean
  /** Whether the scope stays when the agent ends: a Pod's does, and ends with the Pod. */
  readonly stays: boolean
}

/**
 * Everything that can fail has failed before this returns. Where programs stand, this process holds no value before they guard
 * it; where they do not, none is loaded for values that cannot be had.
 */
export async function startSession(options: SessionOptions): Promise<Session> {
  const { scope, log } = options
  const resolve = ({ config }: AgentConfig) => resolveAll(config, options.sources)
  const early = isAnyPinned() ? undefined : await resolve(options.agent)
  const guard = await openGuard(scope)
  let ring: Ring | undefined
  let isEntered = false
  try {
    const predecessors = openPredecessors(scope)
    await enterScope(guard, scope, log)
    isEntered = true
    if (options.cgroup) claimCgroup(guard, options.cgroup)
    const agent = keepBindingNumbers(guard, scope, options.locked ? keepStrongerPolicy(guard, options) : options.agent)
    const values = early ?? (await resolve(agent))
    const state: State = { registered: { agent, values, generation: 0, changedAt: new Map() } }
    const policy = () => state.registered.agent.config.policy
    const count = () => readCounters(guard.map('counters'), scope)
    const sealed = () => sealedIn(processRecords(guard), scope)
    const metrics = openMetrics(count, sealed, guard, () => policy().mode)
    ring = openEvents(guard, options, state, metrics)
    killLeftWaiting(guard, scope, log)
    logStatus(guard, log)
    const canary = await awaitCanary(agent, scope, log, guard, metrics, policy)
    const programsWatch = watchOver(guard, options, canary)
    const reloads = startReloads(guard, { ...options, agent }, state, metrics, canary)
    takeOverFrom(predecessors, log)
    return session(options, { guard, metrics, ring, canary, programsWatch, reloads })
  } catch (error) {
    if (isEntered) stopListening(guard, scope, ring, log)
    guard.close()
    throw error
  }
}

/** Looks, one a second: the descriptors keep the programs whatever becomes of a pin. */
const PINS_EVERY = 10

/** Both watches of the node's programs look at the same scope: what one takes away the other gives back. */
function watchOver(guard: Guard, { scope, log }: SessionOptions, canary: CanaryWatch): ProgramsWatch {
  const held = guard.origin === 'own' ? undefined : holdPins()
  let looks = 0
  const repair = async (): Promise<readonly string[] | 'unloaded'> => {
    if (held?.isUnloaded()) {
      held.close()
      return 'unloaded'
    }
    if (looks++ % PINS_EVERY !== 0) return []
    return held?.isWhole() === false ? withLock(() => (held.isUnloaded() ? [] : held.repair())) : []
  }
  const pinned = held && { repair, close: () => held.close() }
  giveBack(guard, scope) // an agent may have ended while it withheld; the watch looks at once
  return watchPrograms({ log, withhold: () => withhold(guard, scope), recheck: canary.recheck, pinned })
}

function openEvents(guard: Guard, { agent, scope, log }: SessionOptions, state: State, metrics: Metrics): Ring {
  const rings = openScopeRings(guard, scope, agent.host)
  const bindings = () => state.registered.agent.config.secrets
  const waiting = openWaiting(guard, scope, bindings, (set) => addedBy(state.registered, set))
  return openPipeline(rings, bindings, log, metrics, waiting)
}

/** The variables of a set of bindings that are added where there is no placeholder. */
function addedBy({ agent, values }: Registered, set: bigint): Map<string, Buffer> {
  const adds = (i: number): boolean => agent.config.secrets[i]?.selector.withoutPlaceholder === 'add'
  const chosen = values.filter(({ binding }) => set & (1n << BigInt(binding)) && adds(binding))
  return new Map(chosen.map(({ name, bytes }) => [name, bytes]))
}

interface Parts {
  readonly guard: Guard
  readonly metrics: Metrics
  readonly ring: Ring
  readonly canary: CanaryWatch
  readonly programsWatch: ProgramsWatch
  readonly reloads: Reloads
}

function session(
  { scope, log, sources, stays }: SessionOptions,
  { guard, metrics, ring, canary, programsWatch, reloads }: Parts,
): Session {
  let open = true
  const close = async (): Promise<void> => {
    if (!open) return
    open = false
    reloads.close()
    canary.close()
    programsWatch.close()
    if (stays) log.say('info', 'STOP', 'protection and delivery stay')
    else await leaveHostScope(guard, scope, log)
    stopListening(guard, scope, ring, log)
    guard.close()
  }
  const notReady = (): string | undefined =>
    open ? (programsWatch.broken() ?? canary.broken()) : 'the agent is stopping'
  const reload = (): Promise<void> => {
    sources.forget()
    return reloads.ask({ policy: true })
  }
  return { metrics, tier: guard.tier, notReady, reload, close }
}
