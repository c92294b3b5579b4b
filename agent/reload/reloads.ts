/** Registers a scope's values, and again whenever policy or values change; owns the timers and watches that notice it. */
import type { AgentConfig } from '../config/load.ts'
import type { RotationMetrics } from '../events/sinks/rotation-metrics.ts'
import type { Guard } from '../node/guard.ts'
import { registeredValues } from '../scope/read-back.ts'
import { register } from '../scope/registration.ts'
import { nextGeneration } from '../scope/scope.ts'
import { fileOf } from '../sources/sources.ts'
import { changedSince } from './compare.ts'
import { openKernel } from './kernel.ts'
import { type Journey, openJourney } from './reload.ts'
import type { Registered } from './state.ts'
import { startTriggers, type Triggers } from './triggers.ts'

export type Reloads = Triggers

/** The registered state, read by every part that lives as long as the session. */
export interface State {
  registered: Registered
}

interface Options extends Omit<Journey, 'kernel' | 'metrics'> {
  readonly agent: AgentConfig
  readonly scope: number
}

/** @param recheck for a policy that changed: protection proves itself anew. @throws when the first registration fails */
export function startReloads(
  guard: Guard,
  options: Options,
  state: State,
  metrics: RotationMetrics,
  recheck: () => Promise<void>,
): Reloads {
  const { agent, scope, log } = options
  const generation = nextGeneration(guard, scope)
  const changed = changedSince(registeredValues(guard, scope, agent.variables), agent, state.registered.values)
  const kernel = openKernel(guard, scope, register(guard, { ...state.registered, ...agent, scope, generation }))
  options.applied?.(agent)
  state.registered = {
    ...state.registered,
    generation,
    changedAt: new Map(changed.map((number) => [number, generation])),
  }
  const reload = openJourney({ ...options, kernel, metrics })
  const run: Parameters<typeof startTriggers>[2] = async (what) => {
    const before = state.registered
    try {
      state.registered = await reload(before, what)
    } catch (error) {
      log.say('error', 'ROTATE', `nothing is reloaded: ${(error as Error).message}`)
    }
    if (state.registered.agent.config.policy !== before.agent.config.policy) void recheck()
  }
  const triggers = startTriggers(() => filesOf(state.registered.agent), !agent.host, run)
  // Changes made before the watches stood are noticed now; processes with values of an earlier agent are notified.
  void triggers.ask({ policy: !agent.host })
  const close = (): void => {
    triggers.close()
    kernel.close()
  }
  return { ask: triggers.ask, close }
}

/** The files that values are read from, and in a Pod the annotations; a config file is read again on request. */
function filesOf({ config, where, host }: AgentConfig): string[] {
  const refs = config.secrets.filter(({ retired }) => !retired).flatMap(({ secretRefs }) => secretRefs)
  const files = refs.flatMap(({ source }) => fileOf(source) ?? [])
  return host ? files : [...files, where]
}
