/** Shapes of Pods the agent cannot work in, or not well. */
import { AGENT_CONTAINER } from '../../../agent/policy/sidecar.ts'
import { quote } from '../../../agent/policy/text/suggest.ts'
import { type Deny, deny } from '../answer/outcome.ts'
import type { Container, Pod } from '../pod/pod.ts'

/** The API server has no limit of its own, and asks us before it looks at the Pod: the work is bounded here. */
const MAX_CONTAINERS = 256

export function refuseCount({ spec }: Pod): Deny | undefined {
  const count = spec.containers.length + (spec.initContainers?.length ?? 0)
  return count > MAX_CONTAINERS ? deny('too-many-containers', `${count}, the limit is ${MAX_CONTAINERS}`) : undefined
}

/** Most of these the API server or the kubelet refuses too, with an obscure message. */
export function refuseShape(pod: Pod, metricsPort: number): Deny | undefined {
  const { spec } = pod
  if (spec.containers.every(({ name }) => name === AGENT_CONTAINER)) return deny('no-application')
  if (spec.hostPID === true) return deny('host-pid')
  if (spec.shareProcessNamespace === false) return deny('share-process-namespace')
  if (spec.hostUsers === false) return deny('user-namespace')
  const os = (spec.os as { name?: unknown } | null | undefined)?.name
  if (os !== undefined && os !== 'linux') return deny('windows-pod')
  if (typeof spec.runtimeClassName === 'string' && SANDBOX.test(spec.runtimeClassName)) {
    return deny('sandboxed-runtime', `\`runtimeClassName\` is ${quote(spec.runtimeClassName)}`)
  }
  const taken = applicationContainers(pod).find((container) => usesPort(container, metricsPort))
  return taken && deny('port-taken', `${metricsPort} in container \`${taken.name}\``)
}

/**
 * Runtime classes are named by each cluster; these are the names the projects' own documents give them. Their Pods run
 * on a kernel of their own, where the agent's programs do not see the node's processes, nor load.
 */
const SANDBOX = /(^|[-.])(gvisor|runsc|kata|firecracker|cloud-hypervisor|confidential)([-.]|$)/i

function usesPort({ ports }: Container, port: number): boolean {
  return (ports ?? []).some(({ containerPort, protocol }) => containerPort === port && (protocol ?? 'TCP') === 'TCP')
}

/** Containers of the Pod, init containers first, without the agent. */
export function applicationContainers(pod: Pod): readonly Container[] {
  return [...(pod.spec.initContainers ?? []), ...pod.spec.containers].filter(({ name }) => name !== AGENT_CONTAINER)
}
