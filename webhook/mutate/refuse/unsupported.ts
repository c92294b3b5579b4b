/** Shapes of Pods the agent cannot work in, or not well. */
import { type Deny, deny } from '../answer/outcome.ts'
import { applicationContainers, mainContainers } from '../pod/containers.ts'
import type { Pod } from '../pod/pod.ts'
import { portsOf } from '../pod/ports.ts'
import { refuseNode } from './nodes.ts'

/** Most of these the API server or the kubelet refuses too, with an obscure message. */
export function refuseShape(pod: Pod, metricsPort: number): Deny | undefined {
  const { spec } = pod
  if (mainContainers(pod).length === 0) return deny('no-application')
  if (spec.hostPID === true) return deny('host-pid')
  if (spec.shareProcessNamespace === false) return deny('share-process-namespace')
  const node = refuseNode(pod)
  if (node !== undefined) return node
  const taken = applicationContainers(pod).find((container) => portsOf(container).has(metricsPort))
  return taken && deny('port-taken', `${metricsPort} in container \`${taken.name}\``)
}
