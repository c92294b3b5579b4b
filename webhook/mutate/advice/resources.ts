/** Facts of the node that a Pod shares with others. */
import { applicationContainers } from '../pod/containers.ts'
import { type Container, isObject, type Pod } from '../pod/pod.ts'
import { quantityOf } from '../pod/quantity.ts'
import type { AgentContainer } from '../sidecar/sidecar.ts'

/** The port of the agent is then one of the node's, where every other Pod of the kind wants it too. */
export function warnAboutHostNetwork({ spec }: Pod, metricsPort: number): string[] {
  if (spec.hostNetwork !== true) return []
  return [
    `on the host network the agent takes port ${metricsPort} of its node (another: \`kernelseal.io/metrics-port\`)`,
  ]
}

/**
 * A Pod is Guaranteed while every container has CPU and memory limits, and requests as large (kubernetes.io, Pod Quality of Service).
 * Our container has not, unless the author or the webhook's settings say so.
 */
export function warnAboutQuality(pod: Pod, agent: AgentContainer): string[] {
  if (!applicationContainers(pod).every(isGuaranteed) || isGuaranteed(agent)) return []
  return [
    "KernelSeal: the Pod's QoS class becomes Burstable (`agent-cpu-limit`, `agent-memory-limit` and requests as large keep it)",
  ]
}

function isGuaranteed({ resources }: Pick<Container, 'resources'>): boolean {
  const { requests, limits } = isObject(resources) ? resources : {}
  return ['cpu', 'memory'].every((kind) => {
    const limit = isObject(limits) ? quantityOf(limits[kind]) : undefined
    const request = isObject(requests) ? quantityOf(requests[kind]) : undefined
    return limit !== undefined && (request ?? limit) === limit
  })
}
