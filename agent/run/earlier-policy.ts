/**
 * The start of an agent where an earlier one has left a registration: its policy is compared, and stays where that is locked. Otherwise
 * a weaker policy would only have to wait for a restart.
 */
import type { AgentConfig } from '../config/load.ts'
import type { Log } from '../events/sinks/log.ts'
import type { RotationMetrics } from '../events/sinks/rotation-metrics.ts'
import type { Guard } from '../node/guard.ts'
import { bindingsInUse, processRecords } from '../node/process-records.ts'
import { weakenings } from '../policy/strength/weaker.ts'
import type { Binding } from '../policy/types.ts'
import { numbered } from '../reload/binding-numbers.ts'
import { isStandIn, registeredBindings, registeredPolicy } from '../scope/read-back.ts'

interface Entering {
  readonly agent: AgentConfig
  readonly scope: number
  /** `--lock-policy` */
  readonly locked: boolean
  readonly log: Log
}

/** @returns the agent's configuration with the earlier policy where that is locked, and with the earlier numbers of bindings */
export function followEarlier(
  guard: Guard,
  entering: Entering,
  metrics: Pick<RotationMetrics, 'policyChange'>,
): AgentConfig {
  const agent = keepPolicy(guard, entering, metrics)
  const { config } = agent
  const before = registeredBindings(guard, entering.scope, config.secrets)
  sayChanged(config.secrets, before, entering.log)
  // Running processes go by the numbers that an earlier agent gave its bindings.
  const secrets = numbered(before, config.secrets, bindingsInUse(processRecords(guard), entering.scope))
  return { ...agent, config: { ...config, secrets } }
}

function keepPolicy(
  guard: Guard,
  { agent, scope, locked, log }: Entering,
  metrics: Pick<RotationMetrics, 'policyChange'>,
): AgentConfig {
  const registered = registeredPolicy(guard, scope)
  if (!registered) return agent
  const config = { ...agent.config, ...registered }
  const weaker = weakenings(config, agent.config)
  if (!weaker.length) return agent
  const points = weaker.join('; ')
  metrics.policyChange(locked ? 'refused' : 'weakened')
  if (locked) {
    const text = `the policy in force stays: the requested one is weaker (${points}), and the agent runs with --lock-policy`
    log.say('warn', 'CONFIG', text, { event: 'policy-locked' })
    return { ...agent, config }
  }
  // An error, so that the new policy's own log level does not hide it.
  const text = `protection is weaker than before this start: ${points}`
  log.say('error', 'CONFIG', text, { event: 'policy-weakened', what: points })
  return agent
}

/** The kernel keeps of a binding only a hash: that it is another one is known, and not whether it gives more. */
function sayChanged(wanted: readonly Binding[], before: readonly Binding[], log: Log): void {
  if (!before.some((binding) => !binding.retired && isStandIn(binding))) return
  const known = new Set(before.map(({ name }) => name))
  const changed = wanted.filter(({ name }) => !known.has(name)).map(({ name }) => name)
  const which = changed.length > 0 ? `: ${changed.join(', ')}` : ', some are gone'
  log.say('warn', 'CONFIG', `bindings are other than before this start${which}`, { event: 'bindings-changed', changed })
}
