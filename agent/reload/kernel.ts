/** The kernel side of a reload: four operations on one scope. */
import type { AgentConfig } from '../config/load.ts'
import type { Guard } from '../node/guard.ts'
import { bindingsInUse, processRecords } from '../node/process-records.ts'
import { OUTDATED_MS, type Registered, type Registration, replace } from '../scope/registration.ts'
import { nextGeneration } from '../scope/scope.ts'
import type { Resolved } from '../sources/resolve.ts'
import { openSignals } from './signal.ts'

export interface Kernel {
  /** The set of bindings that living processes have. */
  readonly inUse: () => bigint
  /** @returns the generation that is registered now @throws when nothing is changed */
  readonly replace: (agent: AgentConfig, values: readonly Resolved[]) => number
  readonly tell: ReturnType<typeof openSignals>
  /** Removes at once the entries that replaced registrations left for a while. */
  readonly close: () => void
}

export function openKernel(guard: Guard, scope: number, first: Registered): Kernel {
  let registration: Registration | undefined = first.now
  const tell = openSignals(guard, scope)
  const outdated = new Map<NodeJS.Timeout, () => void>()
  const takeAwayLater = (takeAway: () => void): void => {
    const timer = setTimeout(() => {
      outdated.delete(timer)
      takeAway()
    }, OUTDATED_MS)
    outdated.set(timer.unref(), takeAway)
  }
  takeAwayLater(first.takeAwayOutdated)
  return {
    inUse: () => bindingsInUse(processRecords(guard), scope),
    replace: (agent, values) => {
      if (!registration) throw new Error('the agent is stopping')
      const generation = nextGeneration(guard, scope)
      const { now, takeAwayOutdated } = replace(guard, { scope, ...agent, values, generation }, registration)
      registration = now
      takeAwayLater(takeAwayOutdated)
      return generation
    },
    tell: (...about) => (registration ? tell(...about) : []),
    close: () => {
      registration = undefined // a reload may still wait for a source
      for (const [timer, takeAway] of outdated) {
        clearTimeout(timer)
        takeAway()
      }
      outdated.clear()
    },
  }
}
