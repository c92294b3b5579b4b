/** The agent's requests and limits: the webhook's own, with the author's in their place. */
import type { AgentResources } from '../../../agent/policy/pod-keys.ts'
import { type Deny, deny } from '../answer/outcome.ts'
import { quantityOf } from '../pod/quantity.ts'
import type { AgentSettings } from './sidecar.ts'

const KINDS = ['cpu', 'memory'] as const
type Kind = (typeof KINDS)[number]

/** Of settings without an author's word: nearly every Pod's, and comparing quantities takes longer than most checks of a Pod. */
const settled = new WeakMap<AgentSettings, Resources>()

type Resources = ReturnType<typeof merged>

export function resourcesOf(settings: AgentSettings, overrides: AgentResources): Resources {
  if (Object.keys(overrides).length > 0) return merged(settings, overrides)
  const known = settled.get(settings) ?? merged(settings, overrides)
  settled.set(settings, known)
  return known
}

function merged(settings: AgentSettings, overrides: AgentResources) {
  const pairs = KINDS.map((kind) => [kind, pairOf(kind, settings, overrides)] as const)
  const requests = quantities(pairs.map(([kind, { request }]) => [kind, request]))
  const limits = quantities(pairs.map(([kind, { limit }]) => [kind, limit]))
  return { ...(requests && { requests }), ...(limits && { limits }) }
}

/** The API server refuses a request above its limit: the one that the author did not give follows the other. */
function pairOf(kind: Kind, settings: AgentSettings, overrides: AgentResources): { request: string; limit: string } {
  const [ownRequest, ownLimit] = [overrides[`agent-${kind}-request`], overrides[`agent-${kind}-limit`]]
  const request = ownRequest ?? settings[`${kind}Request`]
  const limit = ownLimit ?? settings[`${kind}Limit`]
  if (!isAbove(request, limit)) return { request, limit }
  return ownRequest === undefined ? { request: limit, limit } : { request, limit: request }
}

/** '': there is none. */
const isAbove = (request: string, limit: string): boolean =>
  request !== '' && limit !== '' && (quantityOf(request) ?? 0n) > (quantityOf(limit) ?? 0n)

/**
 * The least CPU limit that an author may give. The agents of a node load its programs one after the other, under one lock: a third of a
 * second of a CPU, which with 5m takes a minute, and with 1m would keep every other sealed Pod of the node waiting for five.
 */
const LEAST_CPU = '5m'

export function refuseResources(overrides: AgentResources): Deny | undefined {
  const limit = overrides['agent-cpu-limit'] ?? ''
  if (isAbove(LEAST_CPU, limit))
    return deny(
      'bad-annotation',
      `\`agent-cpu-limit\` is below ${LEAST_CPU}, with which the node's other agents would wait for this one`,
    )
  const wrong = KINDS.find((kind) =>
    isAbove(overrides[`agent-${kind}-request`] ?? '', overrides[`agent-${kind}-limit`] ?? ''),
  )
  return wrong && deny('bad-annotation', `\`agent-${wrong}-request\` is above \`agent-${wrong}-limit\``)
}

function quantities(amounts: readonly (readonly [Kind, string])[]): Partial<Record<Kind, string>> | undefined {
  const given = amounts.filter(([, amount]) => amount !== '')
  return given.length === 0 ? undefined : Object.fromEntries(given)
}
