/** One running agent: programs standing and watched, one scope or several served. Owns all of them. */
import { type ProgramsWatch, watchPrograms } from '../canary/programs-watch.ts'
import type { CanaryWatch } from '../canary/watch.ts'
import type { Log } from '../events/sinks/log.ts'
import type { Metrics } from '../events/sinks/metrics.ts'
import { type Guard, openGuard } from '../node/guard.ts'
import { holdPins, isAnyPinned } from '../node/pin-set.ts'
import { withLock } from '../node/pins.ts'
import { giveBack, resign, withhold } from '../scope/scope.ts'
import { awaitCanary, logStatus } from './lifecycle.ts'
import { resolveValues, type ScopeOptions, type ServedScope, type Shared, serveScope } from './served-scope.ts'
import { openAllMetrics, type Scopes } from './session-metrics.ts'

export interface Session {
  readonly metrics: Metrics
  readonly tier: string
  /** Undefined while protection stands; otherwise why it does not. */
  readonly notReady: () => string | undefined
  /** Of every scope it serves: policy and values are read anew; an unusable configuration is reported, and changes nothing. */
  readonly reload: () => Promise<void>
  /**
   * Serves one more scope, until it is closed or the session is. @throws when it has another agent, its values cannot be had, or
   * protection does not stand
   */
  readonly serve: (options: ScopeOptions) => Promise<ServedScope>
  /** Ends the agent, and each of its scopes as `ServedScope.close` says. Safe to call twice. */
  readonly close: () => Promise<void>
}

/**
 * Starts with the first scope, by whose rules the agent itself is guarded, and in which its canary is tried. All that can
 * fail has failed before this returns. Where programs stand, this process holds no value before they guard it; where they do not,
 * none is loaded for values that cannot be had.
 */
export async function startSession(options: ScopeOptions): Promise<Session> {
  const early = isAnyPinned() ? undefined : await resolveValues(options, options.agent)
  const guard = await openGuard(options.scope)
  const scopes = new Map<number, ServedScope | undefined>([[options.scope, undefined]])
  const { metrics, rotation } = openAllMetrics(guard, scopes)
  let proof: Proof | undefined
  const recheck = async (): Promise<void> => proof?.canary.recheck()
  const prove: Shared['prove'] = async (agent, policy) => {
    logStatus(guard, options.log)
    const canary = await awaitCanary(agent, options.scope, options.log, guard, metrics, policy)
    proof = { canary, programs: watchOver(guard, options.log, scopes, canary) }
  }
  try {
    const first = await serveScope({ guard, metrics, rotation, prove, recheck }, options, early)
    scopes.set(options.scope, first)
    return session({ guard, metrics, rotation }, scopes, first, proof!)
  } catch (error) {
    proof?.canary.close()
    proof?.programs.close()
    guard.close()
    throw error
  }
}

/** The two watches that notice when protection ends. */
interface Proof {
  readonly canary: CanaryWatch
  readonly programs: ProgramsWatch
}

/** Looks, one a second: the descriptors keep the programs whatever becomes of a pin. */
const PINS_EVERY = 10

/** Both watches of the node's programs look at the same scopes: values that one withholds the other gives again. */
function watchOver(guard: Guard, log: Log, scopes: Scopes, canary: CanaryWatch): ProgramsWatch {
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
  for (const scope of scopes.keys()) giveBack(guard, scope) // an agent may have ended while it withheld; the watch looks at once
  const withholdAll = (): (() => void) => {
    const undo = [...scopes.keys()].map((scope) => withhold(guard, scope))
    return () => {
      for (const restore of undo) restore()
    }
  }
  return watchPrograms({ log, withhold: withholdAll, recheck: canary.recheck, pinned })
}

type Owned = Omit<Shared, 'prove' | 'recheck'>

function session(owned: Owned, scopes: Scopes, first: ServedScope, proof: Proof): Session {
  const { guard, metrics } = owned
  let open = true
  const notReady = (): string | undefined =>
    open ? (proof.programs.broken() ?? proof.canary.broken()) : 'the agent is stopping'
  const serve = async (options: ScopeOptions): Promise<ServedScope> => {
    const { scope } = options
    if (scopes.has(scope)) throw new Error(`scope ${scope} is served by this agent already`)
    scopes.set(scope, undefined)
    const end = (): void => {
      resign(guard, scope, first.scope)
      scopes.delete(scope)
    }
    const prove = async (): Promise<void> => {
      const why = notReady()
      if (why !== undefined) throw new Error(`no further scope is served: ${why}`)
      giveBack(guard, scope)
    }
    try {
      const further = await serveScope({ ...owned, prove, recheck: proof.canary.recheck }, options)
      const close = (): Promise<void> => further.close().then(() => void (scopes.get(scope) === registered && end()))
      const registered: ServedScope = { ...further, close }
      scopes.set(scope, registered)
      return registered
    } catch (error) {
      end()
      throw error
    }
  }
  const reload = async (): Promise<void> => {
    await Promise.all([...scopes.values()].map((scope) => scope?.reload()))
  }
  const close = async (): Promise<void> => {
    if (!open) return
    open = false
    proof.canary.close()
    proof.programs.close()
    for (const scope of [...scopes.values()].reverse()) if (scope !== first) await scope?.close()
    await first.close()
    guard.close()
  }
  return { metrics, tier: guard.tier, notReady, reload, serve, close }
}
