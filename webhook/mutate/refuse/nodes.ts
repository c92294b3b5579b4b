/** Nodes on which the agent cannot work: no Linux, no host paths, another kernel. */
import { quote } from '../../../agent/policy/text/suggest.ts'
import { type Deny, deny } from '../answer/outcome.ts'
import { isObject, type Pod } from '../pod/pod.ts'

export function refuseNode({ metadata, spec }: Pod): Deny | undefined {
  const selector = isObject(spec.nodeSelector) ? spec.nodeSelector : {}
  const windows = windowsBy(spec, selector)
  if (windows !== undefined) return deny('windows-pod', windows)
  if (spec.hostUsers === false) return deny('user-namespace', '`spec.hostUsers` is false')
  const runtime = typeof spec.runtimeClassName === 'string' ? spec.runtimeClassName : ''
  const mapped = metadata.annotations?.[CRIO_USERNS]
  if (/sysbox/i.test(runtime)) return deny('user-namespace', `\`runtimeClassName\` is ${quote(runtime)}`)
  if (mapped !== undefined) return deny('user-namespace', `annotation \`${CRIO_USERNS}\``)
  if (SANDBOX.test(runtime)) return deny('sandboxed-runtime', `\`runtimeClassName\` is ${quote(runtime)}`)
  const virtual = virtualBy(spec, selector)
  return virtual === undefined ? undefined : deny('virtual-node', virtual)
}

/** CRI-O maps the users of such a Pod to others of the node. */
export const CRIO_USERNS = 'io.kubernetes.cri-o.userns-mode'

/**
 * Runtime classes are named by each cluster; these are the names the projects' own documents give them. Their Pods run
 * on a kernel of their own, where the agent's programs do not see the node's processes, nor load.
 */
const SANDBOX = /(^|[-.])(gvisor|runsc|kata|firecracker|cloud-hypervisor|confidential)([-.]|$)/i

const OS_LABELS = ['kubernetes.io/os', 'beta.kubernetes.io/os']

function windowsBy(spec: Pod['spec'], selector: Record<string, unknown>): string | undefined {
  const os = isObject(spec.os) ? spec.os.name : undefined
  if (os !== undefined && os !== 'linux') return '`spec.os.name`'
  const label = OS_LABELS.find((key) => selector[key] !== undefined && selector[key] !== 'linux')
  if (label !== undefined) return `\`nodeSelector\` \`${label}\``
  if (typeof spec.runtimeClassName === 'string' && /windows/i.test(spec.runtimeClassName)) return '`runtimeClassName`'
  const contexts = [spec, ...spec.containers].map(({ securityContext }) => securityContext)
  const has = contexts.some((context) => isObject(context) && isObject(context.windowsOptions))
  return has ? '`securityContext.windowsOptions`' : undefined
}

/** Fargate and virtual kubelets (virtual-kubelet.io, AKS virtual nodes): tolerating such a node alone says nothing. */
function virtualBy(spec: Pod['spec'], selector: Record<string, unknown>): string | undefined {
  if (spec.schedulerName === 'fargate-scheduler') return '`schedulerName` is `fargate-scheduler`'
  if (selector.type === 'virtual-kubelet') return '`nodeSelector` `type: virtual-kubelet`'
  return selector['eks.amazonaws.com/compute-type'] === 'fargate' ? '`nodeSelector` `compute-type: fargate`' : undefined
}
