/**
 * From a change outside to the kernel: read → parse → resolve → compare → register → signal. A failure on the way
 * changes nothing.
 */
import type { AgentConfig } from '../config/load.ts'
import type { Log } from '../events/sinks/log.ts'
import type { RotationMetrics } from '../events/sinks/rotation-metrics.ts'
import { judgeChange } from '../policy/strength/verdict.ts'
import { type Resolved, resolve, type UnreadSource } from '../sources/resolve.ts'
import type { Sources } from '../sources/sources.ts'
import { numbered } from './binding-numbers.ts'
import { changedValues, earlierOf, samePolicy } from './compare.ts'
import type { Kernel } from './kernel.ts'
import { sayApplied, sayRotated, sayTold } from './log.ts'
import { type Causes, openCauses } from './report-once.ts'
import { changedNow, givenBy, type Registered } from './state.ts'

export interface Journey {
  readonly kernel: Kernel
  readonly sources: Sources
  /** Reads and parses the policy again. @throws when it cannot be used */
  readonly load: () => AgentConfig
  /** `--lock-policy` */
  readonly locked: boolean
  /** The agent's outputs beside the kernel that follow the configuration. */
  readonly applied?: ((agent: AgentConfig) => void) | undefined
  readonly log: Log
  readonly metrics: RotationMetrics
}

/** A change of policy, its weakened points, and values that it gives in addition. */
interface Change {
  readonly agent: AgentConfig
  readonly weaker: readonly string[]
  readonly more: readonly string[]
}

/** A registration to be: bindings numbered, values read. */
interface Prepared {
  readonly agent: AgentConfig
  readonly values: readonly Resolved[]
  readonly errors: readonly UnreadSource[]
}

export type Reload = (registered: Registered, what: { readonly policy: boolean }) => Promise<Registered>

/** @returns a reload, which returns the registered state after it: the same object when nothing changed */
export function openJourney(journey: Journey): Reload {
  const causes = openCauses(journey.log)
  return async (before, { policy }) => {
    const change = policy ? readChange(journey, causes, before) : undefined
    const prepared = change && (await prepareChange(journey, causes, before, change))
    const next = prepared ?? (await prepare(journey, before, before.agent))
    sayUnread(journey, causes, next.errors)
    const after = register(journey, causes, before, next, prepared && change)
    tell(journey, causes, after)
    return after
  }
}

/** @returns undefined when the policy is as before, cannot be read, or is refused */
function readChange(journey: Journey, causes: Causes, before: Registered): Change | undefined {
  try {
    const agent = journey.load()
    const verdict = judgeChange(before.agent, agent, journey.locked)
    if ('refused' in verdict) return refuse(journey, causes, verdict.refused)
    if (!samePolicy(before.agent, agent)) return { agent, ...verdict }
    causes.now('policy', [])
    return undefined
  } catch (error) {
    return refuse(journey, causes, (error as Error).message)
  }
}

/** A policy with an unreadable new reference is refused as a whole. */
async function prepareChange(journey: Journey, causes: Causes, before: Registered, { agent }: Change) {
  try {
    const prepared = await prepare(journey, before, agent)
    const unread = prepared.errors.filter(({ kept }) => !kept).map(({ error }) => error.message)
    return unread.length ? refuse(journey, causes, unread.join('; ')) : prepared
  } catch (error) {
    return refuse(journey, causes, (error as Error).message)
  }
}

function refuse({ metrics }: Journey, causes: Causes, why: string): undefined {
  causes.now('policy', [`the new policy is refused, the earlier one stays: ${why.replaceAll('\n', '; ')}`])
  metrics.policyChange('refused')
}

async function prepare({ kernel, sources }: Journey, before: Registered, wanted: AgentConfig): Promise<Prepared> {
  const active = wanted.config.secrets.filter(({ retired }) => !retired)
  const secrets = numbered(before.agent.config.secrets, active, kernel.inUse())
  const config = { ...wanted.config, secrets }
  const { values, errors } = await resolve(config, sources, earlierOf(givenBy(before)))
  return { agent: { ...wanted, config }, values, errors }
}

function sayUnread({ metrics }: Journey, causes: Causes, errors: readonly UnreadSource[]): void {
  causes.now(
    'source',
    errors.map(({ error }) => `${error.message}; the value it had stays`),
  )
  if (errors.length) metrics.rotation('kept')
}

function register(
  { kernel, applied, log, metrics }: Journey,
  causes: Causes,
  before: Registered,
  { agent, values }: Prepared,
  change: Change | undefined,
): Registered {
  const changed = changedValues(givenBy(before), givenBy({ agent, values }))
  if (!change && !changed.length) return before
  try {
    const generation = kernel.replace(agent, values)
    causes.now('register', [])
    const numbers = new Set(changed.map(({ binding }) => binding))
    const after = { agent, values, generation, changedAt: changedNow(before, agent, numbers, generation) }
    if (change) {
      causes.now('policy', [])
      metrics.policyChange(change.weaker.length ? 'weakened' : 'applied')
      sayApplied(log, before, after, change)
      causes.now(
        'output',
        failuresOf(() => applied?.(agent)),
      )
    }
    if (changed.length) {
      metrics.rotation('rotated')
      sayRotated(log, after, changed)
    }
    return after
  } catch (error) {
    causes.now('register', [`the change is not registered, the earlier state stays: ${(error as Error).message}`])
    if (change) metrics.policyChange('refused')
    if (changed.length) metrics.rotation('failed')
    return before
  }
}

function tell({ kernel, log }: Journey, causes: Causes, { agent, changedAt }: Registered): void {
  const told = kernel.tell(agent.config.secrets, changedAt)
  sayTold(log, causes, told)
}

/** Placeholders that could not be written are no reason to keep an earlier policy. */
function failuresOf(work: () => void): string[] {
  try {
    work()
    return []
  } catch (error) {
    return [`the placeholders of the new policy are not written: ${(error as Error).message}`]
  }
}
