/** Log lines of a reload's results. No value is in reach here. */
import type { Log } from '../events/sinks/log.ts'
import { unplaced } from '../policy/strength/verdict.ts'
import type { Causes } from './report-once.ts'
import type { Told } from './signal.ts'
import type { Registered } from './state.ts'

export function sayApplied(
  log: Log,
  before: Registered,
  after: Registered,
  { weaker, more }: { readonly weaker: readonly string[]; readonly more: readonly string[] },
): void {
  const { config, where } = after.agent
  // By the level that held until now: the new one may be there to hide the line.
  for (const what of weaker) {
    log.say('warn', 'CONFIG', `protection is weaker from now on: ${what}`, { event: 'policy-weakened', what })
  }
  for (const what of more) log.say('info', 'CONFIG', `from now on ${what}`, { event: 'policy-extended', what })
  log.setLevel(config.monitoring.logLevel)
  const text = `Policy applied: mode=${config.policy.mode}, generation ${after.generation}, from ${where}`
  log.say('info', 'CONFIG', text, { event: 'policy', policy: config.policy, generation: after.generation })
  for (const followed of after.agent.followed) log.say('info', 'CONFIG', followed)
  for (const name of unplaced(before.agent, after.agent)) {
    log.say(
      'warn',
      'CONFIG',
      `\`${name}\` has no placeholder in the running containers: start the Pod anew to deliver it`,
    )
  }
  const { metricsPort, enabled } = before.agent.config.monitoring
  if (metricsPort !== config.monitoring.metricsPort || enabled !== config.monitoring.enabled) {
    log.say('warn', 'CONFIG', 'the port and whether there are metrics change when the agent starts anew')
  }
}

export function sayRotated(
  log: Log,
  { agent, generation }: Registered,
  changed: readonly { readonly binding: number; readonly name: string }[],
): void {
  for (const [number, { name }] of agent.config.secrets.entries()) {
    const variables = changed.filter(({ binding }) => binding === number).map((value) => value.name)
    if (!variables.length) continue
    const text = `New values of [${variables.join(' ')}] for binding \`${name}\`, generation ${generation}: for programs that start from now on`
    log.say('info', 'ROTATE', text, { event: 'rotate', binding: name, variables, generation })
  }
}

export function sayTold(log: Log, causes: Causes, told: readonly Told[]): void {
  for (const { pid, binding, signal } of told.filter(({ outcome }) => outcome === 'sent')) {
    const text = `${signal} sent to PID ${pid}: values of binding \`${binding}\` have changed`
    log.say('info', 'ROTATE', text, { event: 'rotate-signal', pid, binding, signal })
  }
  causes.now('signal', told.flatMap(reasonOf))
}

/** Of one that keeps its outdated values. */
function reasonOf({ pid, binding, signal, outcome }: Told): string[] {
  switch (outcome) {
    case 'sent':
      return []
    case 'unhandled':
      return [
        `PID ${pid} does not handle ${signal}, which would end it: not sent; it keeps the old values of binding \`${binding}\` (\`onRotate: restart\` ends it)`,
      ]
    case 'unseen':
      return [
        `${signal} is not sent: PID ${pid}, which was given the values of binding \`${binding}\`, has ended, and of the processes that it left none is certainly the one to tell; start the service anew`,
      ]
  }
}
