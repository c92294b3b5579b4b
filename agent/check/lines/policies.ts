/** The policies that the API server itself applies, independently of the webhook (deploy/base). */
import type { Facts } from '../facts.ts'
import { FIRST_WITH_POLICIES, type Finding, fail, type Line, linesOf, notKnown, ok, REPAIR, warn } from '../line.ts'

/** A unit test compares them with deploy/base. */
export const POLICIES = {
  'kernelseal-agent-present': 'a Pod may bind secrets and start without the agent',
  'kernelseal-annotations': 'annotations of a sealed Pod may be changed past the webhook',
  'kernelseal-bindings': 'a scheduler may change the annotations of a Pod',
  'kernelseal-own-configuration': 'the webhook may change more of its configurations than the caBundle',
  'kernelseal-own-secret': 'the webhook may make any Secret of its namespace, a Helm release too',
  'kernelseal-priority': 'every Pod may take the priority of the webhook',
  'kernelseal-running-agent': 'the image of a running agent may be exchanged',
} as const

export function policyLines({ server, policies, configurations }: Facts): Line[] {
  if (server.minor < FIRST_WITH_POLICIES)
    return linesOf('policies', [], () =>
      ok(`none before Kubernetes 1.${FIRST_WITH_POLICIES}: the webhook alone decides`),
    )
  if ('refused' in policies) return linesOf('policies', [notKnown(policies)], () => ok(''))
  const isInstalled = 'refused' in configurations || configurations.found.mutating !== undefined
  const faults = Object.entries(POLICIES).flatMap(([name, so]) => faultsOf(name, so, policies.found))
  const none = Object.keys(POLICIES).every((name) => !policies.found.policies.includes(name))
  if (none && !isInstalled)
    return linesOf('policies', [], () => ({ state: 'unknown', found: 'not looked at: no webhook' }))
  return linesOf('policies', faults, () => ok(`${Object.keys(POLICIES).length} are there and bound`))
}

function faultsOf(name: string, so: string, found: Extract<Facts['policies'], { found: unknown }>['found']): Finding[] {
  if (!found.policies.includes(name)) return [fail(`\`${name}\` is missing: ${so}`, REPAIR)]
  const actions = found.bindings[name]
  if (actions === undefined) return [fail(`\`${name}\` is not bound: ${so}`, REPAIR)]
  if (actions.includes('Deny')) return []
  return [
    warn(`\`${name}\` refuses nothing (${actions.join(', ')}): ${so}`, 'validationActions: [Deny] in its binding'),
  ]
}
