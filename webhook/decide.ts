/** A Pod → whether it is injected, and with what; or the reason why not. */
import { ConfigError, type PodPolicy, parseAnnotations } from '../agent/policy/annotations.ts'
import type { AgentResources } from '../agent/policy/pod-keys.ts'
import { AGENT_CONTAINER, PREFIX } from '../agent/policy/sidecar.ts'
import { didYouMean, quote } from '../agent/policy/suggest.ts'
import type { Config, Mode } from '../agent/policy/types.ts'
import { type Deny, deny, type Skip, skip } from './outcome.ts'
import type { Container, Pod } from './pod.ts'
import { reasonEntry } from './reasons.ts'

/** The Pod is to be injected with this policy. */
export interface Go {
  readonly kind: 'go'
  readonly config: Config
  readonly resources: AgentResources
  readonly warnings: readonly string[]
}

const INJECT = `${PREFIX}inject`

export function decide(pod: Pod, namespace: string | undefined, defaultMode: Mode): Go | Skip | Deny {
  const annotations = pod.metadata.annotations ?? {}
  if (Object.hasOwn(annotations, 'kubernetes.io/config.mirror')) return skip('mirror-pod')
  const label = pod.metadata.labels?.[INJECT]
  if (annotations[INJECT] === 'false' || label === 'false') {
    return skip('opted-out', [`KernelSeal: ${reasonEntry('opted-out').sentence}`])
  }
  if (label !== undefined && label !== 'true') {
    return deny('bad-annotation', `label \`${INJECT}\` is ${quote(label)}, must be \`true\` or \`false\``)
  }
  const policy = readPolicy(annotations, defaultMode)
  if ('kind' in policy) return policy
  const warnings = warningsOf(policy)
  if (policy.config.secrets.length === 0) return skip('no-bindings', warnings)
  const refusal = refuseShape(pod, policy.config) ?? refuseBindings(pod, policy.config, namespace)
  return refusal ?? { kind: 'go', config: policy.config, resources: policy.resources, warnings }
}

function readPolicy(annotations: Readonly<Record<string, string>>, mode: Mode): PodPolicy | Deny {
  try {
    return parseAnnotations(annotations, { mode })
  } catch (error) {
    if (error instanceof ConfigError) return deny('bad-annotation', error.message)
    throw error
  }
}

function warningsOf({ config, warnings }: PodPolicy): string[] {
  const inTheOpen = config.secrets
    .flatMap(({ secretRefs }) => secretRefs)
    .filter(({ source }) => source.kind === 'value')
    .map(({ name }) => `KernelSeal: the value of ${name} stands in the annotation, for all who can read the Pod`)
  const texts = warnings.map(
    ({ path, message, hint }) => `${path}: ${message}${hint === undefined ? '' : ` (${hint})`}`,
  )
  return [...texts, ...inTheOpen]
}

/** Containers that start after the agent: those of the Pod and its init containers, without the agent itself. */
export function applicationContainers(pod: Pod): readonly Container[] {
  return [...(pod.spec.initContainers ?? []), ...pod.spec.containers].filter(({ name }) => name !== AGENT_CONTAINER)
}

/** Shapes the agent cannot work in; most of them the API server refuses too, with a message nobody understands. */
function refuseShape(pod: Pod, config: Config): Deny | undefined {
  const { spec } = pod
  if (spec.hostPID === true) return deny('host-pid')
  if (spec.shareProcessNamespace === false) return deny('share-process-namespace')
  if (spec.hostUsers === false) return deny('user-namespace')
  const os = (spec.os as { name?: unknown } | null | undefined)?.name
  if (os !== undefined && os !== 'linux') return deny('windows-pod')
  const taken = applicationContainers(pod).find((container) => usesPort(container, config.monitoring.metricsPort))
  return taken && deny('port-taken', `${config.monitoring.metricsPort} in container \`${taken.name}\``)
}

function usesPort({ ports }: Container, port: number): boolean {
  return (ports ?? []).some(({ containerPort, protocol }) => containerPort === port && (protocol ?? 'TCP') === 'TCP')
}

function refuseBindings(pod: Pod, config: Config, namespace: string | undefined): Deny | undefined {
  const names = applicationContainers(pod).map(({ name }) => name)
  for (const { name, selector, secretRefs } of config.secrets) {
    if (selector.container !== undefined && !names.includes(selector.container)) {
      const hint = didYouMean(selector.container, names)
      return deny('no-such-container', `binding ${quote(name)} names ${quote(selector.container)} (${hint})`)
    }
    for (const { name: variable, source } of secretRefs) {
      if (source.kind !== 'secretKeyRef' || source.namespace === undefined || namespace === undefined) continue
      if (source.namespace === namespace) continue
      return deny(
        'foreign-secret',
        `\`${variable}\` of binding ${quote(name)} names \`${source.namespace}/${source.name}\``,
      )
    }
  }
  return undefined
}
