/** A Pod → the decision to inject it, with the content; or the reason against it. */
import { ConfigError, type PodPolicy, parseAnnotations } from '../../agent/policy/annotations.ts'
import type { AgentResources } from '../../agent/policy/pod-keys.ts'
import { DEFAULT_CAPACITIES } from '../../agent/policy/secrets/capacities.ts'
import type { IsFor } from '../../agent/policy/secrets/variables.ts'
import { DEFAULT_METRICS_PORT, METRICS_PORT, PREFIX } from '../../agent/policy/sidecar.ts'
import { quote } from '../../agent/policy/text/suggest.ts'
import type { Config, Problem } from '../../agent/policy/types.ts'
import { adviceOn } from './advice/advice.ts'
import { warnAboutAsking } from './advice/asked.ts'
import { type Deny, deny, type Skip, skip } from './answer/outcome.ts'
import { reasonEntry } from './answer/reasons.ts'
import type { Cluster } from './cluster/cluster.ts'
import { applicationContainers, mainContainers } from './pod/containers.ts'
import { authorsOf, hasAgent } from './pod/earlier.ts'
import type { Container, Pod } from './pod/pod.ts'
import { freePort } from './pod/ports.ts'
import { servedBy } from './pod/served.ts'
import { refusePolicy } from './refuse/policy.ts'
import { refuseSize } from './refuse/size.ts'
import { sealEnvOf } from './seal-env/seal-env.ts'

/** The Pod is to be injected with this policy. */
export interface Go {
  readonly kind: 'go'
  readonly config: Config
  readonly resources: AgentResources
  /** Containers that start after the agent, which alone can be served. */
  readonly covered: readonly Container[]
  /** The annotation that carries the findings of `seal-env`. */
  readonly sealed: string | undefined
  readonly serves: IsFor
  /** Of the agent's metrics, where we chose it. */
  readonly port: number | undefined
  readonly warnings: readonly string[]
}

const INJECT = `${PREFIX}inject`
export const SEALED_ENV = `${PREFIX}sealed-env`

type Annotations = Readonly<Record<string, string>>

export function decide(pod: Pod, namespace: string | undefined, cluster: Cluster): Go | Skip | Deny {
  const { annotations, chosen } = authorsOf(pod)
  if (Object.hasOwn(annotations, 'kubernetes.io/config.mirror')) return skip('mirror-pod')
  const label = pod.metadata.labels?.[INJECT]
  if (annotations[INJECT] === 'false' || label === 'false') {
    return skip('opted-out', [`KernelSeal: ${reasonEntry('opted-out').sentence}`])
  }
  if (label !== undefined && label !== 'true') {
    return deny('bad-annotation', `label \`${INJECT}\` is ${quote(label)}, must be \`true\` or \`false\``)
  }
  const tooMany = refuseSize(pod)
  if (tooMany !== undefined) return tooMany
  const mode = cluster.defaultMode(namespace)
  const read = readPolicies(pod, annotations, (given) => readPolicy(given, mode), cluster.nativeSidecars())
  if ('kind' in read) return read
  const { policy, covered, sealed } = read
  const { resources } = policy
  const port = Object.hasOwn(annotations, METRICS_PORT) ? undefined : choosePort(pod, policy.config, chosen)
  const config = port === undefined ? policy.config : withPort(policy.config, port)
  const serves = servedBy(pod, policy.containers)
  const asked = warnAboutAsking(pod, config.secrets.length > 0)
  const warnings = [...asked, ...read.open, ...warningsOf(policy)]
  if (config.secrets.length === 0) return skip('no-bindings', warnings)
  const refusal = refusePolicy(pod, { ...policy, config }, covered, namespace) ?? refuseLevel(cluster, namespace)
  if (refusal !== undefined) return { ...refusal, warnings }
  const advice = adviceOn(pod, config, covered, serves)
  return { kind: 'go', config, resources, covered, sealed, serves, port, warnings: [...warnings, ...advice] }
}

/** Another than the default, which something else in the Pod has; undefined where the author chose, or the default is free. */
function choosePort(pod: Pod, { monitoring }: Config, before: number | undefined): number | undefined {
  if (monitoring.metricsPort !== DEFAULT_METRICS_PORT) return undefined
  const port = freePort(pod, before)
  return port === DEFAULT_METRICS_PORT ? undefined : port
}

const withPort = (config: Config, metricsPort: number): Config => ({
  ...config,
  monitoring: { ...config.monitoring, metricsPort },
})

interface Policies {
  readonly policy: PodPolicy
  readonly covered: readonly Container[]
  readonly sealed: string | undefined
  readonly open: readonly string[]
}

/** The author's annotations, alone and with the additions of `seal-env`, read as the agent will read them. */
function readPolicies(
  pod: Pod,
  annotations: Annotations,
  read: (annotations: Annotations) => PodPolicy | Deny,
  native: boolean,
): Policies | Deny {
  const { [SEALED_ENV]: before, ...own } = annotations
  const policy = read(own)
  if ('kind' in policy) return policy
  const covered = native ? applicationContainers(pod) : mainContainers(pod)
  if (policy.sealEnv === undefined) return { policy, covered, sealed: undefined, open: [] }
  const earlier = before === undefined || !hasAgent(pod) ? undefined : read({ [SEALED_ENV]: before })
  const sealing = sealEnvOf({
    sealEnv: policy.sealEnv,
    covered,
    uncovered: applicationContainers(pod).filter((container) => !covered.includes(container)),
    config: policy.config,
    serves: servedBy(pod, policy.containers),
    capacities: policy.capacities ?? DEFAULT_CAPACITIES,
    envFrom: policy.sealEnvFrom ?? new Map(),
    serviceLinks: pod.spec.enableServiceLinks !== false,
    earlier: earlier === undefined || 'kind' in earlier ? [] : earlier.config.secrets,
  })
  if (sealing.kind === 'deny') return sealing
  if (sealing.bindings.length === 0) {
    return {
      policy,
      covered,
      sealed: undefined,
      open: [...sealing.open, 'KernelSeal: `seal-env` finds nothing to seal'],
    }
  }
  const sealed = JSON.stringify(sealing.bindings)
  const whole = read({ ...own, [SEALED_ENV]: sealed })
  return 'kind' in whole ? whole : { policy: whole, covered, sealed, open: sealing.open }
}

function readPolicy(annotations: Annotations, mode: Config['policy']['mode']): PodPolicy | Deny {
  try {
    return parseAnnotations(annotations, { mode })
  } catch (error) {
    if (error instanceof ConfigError) return deny('bad-annotation', error.message, textsOf(error.problems))
    throw error
  }
}

/** Names of a warning; an annotation has room for thousands. */
const MAX_IDLE = 10

function warningsOf({ config, warnings, capacities }: PodPolicy): string[] {
  const bound = new Set(config.secrets.flatMap(({ secretRefs }) => secretRefs.map(({ name }) => name)))
  const unbound = [...(capacities?.byName.keys() ?? [])].filter((name) => !bound.has(name))
  const inTheOpen = config.secrets
    .flatMap(({ secretRefs }) => secretRefs)
    .filter(({ source }) => source.kind === 'value')
    .map(({ name }) => `KernelSeal: the value of ${name} stands in the annotation, for all who can read the Pod`)
  const idle = unbound.slice(0, MAX_IDLE).map((name) => `KernelSeal: \`capacity\` names ${name}, which is not sealed`)
  return [...textsOf(warnings), ...idle, ...inTheOpen]
}

const textsOf = (problems: readonly Problem[]): string[] =>
  problems
    .filter(({ severity }) => severity === 'warning')
    .map(({ path, message, hint }) => `${path}: ${message}${hint === undefined ? '' : ` (${hint})`}`)

/** The agent's capabilities and host paths pass only `privileged` (kubernetes.io, Pod Security Standards). */
function refuseLevel(cluster: Cluster, namespace: string | undefined): Deny | undefined {
  const level = cluster.podSecurity(namespace)
  if (level === undefined || level === 'privileged') return undefined
  // Naming the level would tell it to every client that can reach this port.
  return deny('pod-security')
}
