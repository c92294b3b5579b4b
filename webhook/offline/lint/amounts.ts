/** Limits of the namespace among the manifests, by which the API server would refuse the Pod for its agent; and ports of nodes. */
import { parseAnnotations } from '../../../agent/policy/annotations.ts'
import { agentIn } from '../../mutate/pod/containers.ts'
import { asPod, isObject, type Pod } from '../../mutate/pod/pod.ts'
import { quantityOf } from '../../mutate/pod/quantity.ts'
import { applyOperations } from '../apply-operations.ts'
import type { ManifestFile } from '../documents.ts'
import type { Decided } from '../inject-manifests.ts'
import { objectsIn } from '../workloads.ts'
import type { Finding } from './finding.ts'

type Amounts = Readonly<Record<string, unknown>>
interface Agent {
  readonly requests: Amounts
  readonly limits: Amounts
}

export function lintAmounts(files: readonly ManifestFile[], decided: readonly Decided[]): Finding[] {
  const objects = files.flatMap((file) => file.objects.flatMap(objectsIn))
  return injectedIn(decided).flatMap(({ at, pod, namespace }) => {
    const agent = agentOf(pod)
    const near = objects.filter(
      ({ metadata }) => isObject(metadata) && (metadata.namespace ?? '') === (namespace ?? ''),
    )
    const ranges = near.filter(({ kind }) => kind === 'LimitRange').flatMap(itemsOf)
    const quotas = near.filter(({ kind }) => kind === 'ResourceQuota')
    const texts = [...ranges.flatMap((range) => outside(agent, range)), ...missing(agent, quotas, ranges)]
    return texts.map((text): Finding => ({ severity: 'error', ...at, text }))
  })
}

function injectedIn(decided: readonly Decided[]) {
  return decided.flatMap(({ where, place, namespace, outcome }) => {
    if (outcome.kind !== 'inject') return []
    const read = asPod(applyOperations(place.pod, outcome.operations))
    return 'pod' in read ? [{ at: { where, object: place.title }, pod: read.pod, namespace }] : []
  })
}

function agentOf(pod: Pod): Agent {
  const agent = agentIn(pod)
  const resources = isObject(agent?.resources) ? agent.resources : {}
  return { requests: membersOf(resources.requests), limits: membersOf(resources.limits) }
}

const membersOf = (value: unknown): Amounts => (isObject(value) ? value : {})

/** Limits for containers; those for whole Pods also hang on the others. */
function itemsOf({ spec }: Record<string, unknown>): Amounts[] {
  const items: readonly unknown[] = isObject(spec) && Array.isArray(spec.limits) ? spec.limits : []
  return items.filter(isObject).filter(({ type }) => type === 'Container')
}

const KINDS = ['cpu', 'memory'] as const
const least = (amount: unknown): bigint => quantityOf(amount) ?? 0n

function outside({ requests, limits }: Agent, range: Amounts): string[] {
  const [min, max] = [membersOf(range.min), membersOf(range.max)]
  return KINDS.flatMap((kind) => {
    const [request, limit] = [requests[kind], limits[kind]]
    const low = min[kind] !== undefined && request !== undefined && least(request) < least(min[kind])
    const high = max[kind] !== undefined && limit !== undefined && least(limit) > least(max[kind])
    return [
      ...(low ? [annotate(`requests ${request} ${kind}, a LimitRange asks for ${min[kind]}`, `${kind}-request`)] : []),
      ...(high ? [annotate(`has a limit of ${limit} ${kind}, a LimitRange allows ${max[kind]}`, `${kind}-limit`)] : []),
    ]
  })
}

const annotate = (what: string, key: string): string => `the agent ${what} (\`kernelseal.io/agent-${key}\`)`

/** A quota on an amount wants it from every container; a LimitRange may fill it in. */
function missing(agent: Agent, quotas: readonly Record<string, unknown>[], ranges: readonly Amounts[]): string[] {
  const hard = Object.keys(Object.assign({}, ...quotas.map(({ spec }) => membersOf(isObject(spec) ? spec.hard : {}))))
  return KINDS.flatMap((kind) => {
    const isFilled = ranges.some(
      (range) => membersOf(range.default)[kind] !== undefined || membersOf(range.max)[kind] !== undefined,
    )
    const isWanted = hard.includes(`limits.${kind}`) && agent.limits[kind] === undefined && !isFilled
    return isWanted ? [annotate(`has no limit of ${kind}, a ResourceQuota asks for one`, `${kind}-limit`)] : []
  })
}

/** Two Pods on the host network with one port for their agents: on a node with both, one of them has no metrics. */
export function lintNodePorts(decided: readonly Decided[]): Finding[] {
  const onHost = injectedIn(decided)
    .filter(({ pod }) => pod.spec.hostNetwork === true)
    .map(({ at, pod }) => ({
      at,
      port: parseAnnotations(pod.metadata.annotations ?? {}, {}).config.monitoring.metricsPort,
    }))
  return onHost.flatMap(({ at, port }, index): Finding[] => {
    const first = onHost.slice(0, index).find((other) => other.port === port)
    if (first === undefined) return []
    const text = `its agent takes port ${port} of the node, as does that of ${first.at.object} (\`kernelseal.io/metrics-port\`)`
    return [{ severity: 'warning', ...at, text }]
  })
}
