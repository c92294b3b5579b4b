/**
 * Annotations of a sealed Pod that runs: its agent reads them anew. A change that a new Pod may not ask for, or that the agent
 * would refuse, is refused here, where its author reads the reason; one that it obeys and that weakens protection gets a warning.
 */
import { type Annotations, ConfigError, type PodPolicy, parseAnnotations } from '../../agent/policy/annotations.ts'
import { type IsFor, variablesOf } from '../../agent/policy/secrets/variables.ts'
import { AGENT_CONTAINER, PREFIX } from '../../agent/policy/sidecar.ts'
import { fixedChange, unplaced } from '../../agent/policy/strength/verdict.ts'
import { weakenings } from '../../agent/policy/strength/weaker.ts'
import { joined } from '../../agent/policy/text/joined.ts'
import { type Deny, deny, MAX_MESSAGE, type Outcome, skip } from '../mutate/answer/outcome.ts'
import { applicationContainers, mainContainers } from '../mutate/pod/containers.ts'
import { hasAgent } from '../mutate/pod/earlier.ts'
import { asPod, type Container, type Pod } from '../mutate/pod/pod.ts'
import { servedBy } from '../mutate/pod/served.ts'
import { refusePolicy } from '../mutate/refuse/policy.ts'
import { refuseSize } from '../mutate/refuse/size.ts'
import { refuseSources } from '../mutate/refuse/sources-allowed.ts'
import { refuseVariables } from '../mutate/refuse/variables.ts'
import type { AgentSettings } from '../mutate/sidecar/sidecar.ts'
import { placementOf } from './placement.ts'

const STATUS = `${PREFIX}status`

/**
 * @param settings of the agents, by which they judge annotations
 * @param namespace of the Pod; Secrets of others are refused
 */
export function guardAnnotations(
  object: unknown,
  oldObject: unknown,
  settings: AgentSettings,
  namespace?: string,
): Outcome {
  const [after, before] = [asPod(object), asPod(oldObject)]
  if ('problem' in after) return deny('bad-pod', after.problem)
  if ('problem' in before) return deny('bad-review', `\`request.oldObject\` ${before.problem}`)
  if (!hasAgent(before.pod)) return skip('not-guarded')
  const tooMuch = refuseSize(after.pod) ?? refuseSize(before.pod)
  if (tooMuch !== undefined) return tooMuch
  const [asked, stood] = [annotationsOf(after.pod), annotationsOf(before.pod)]
  if (asked[STATUS] !== stood[STATUS]) return deny('status-changed')
  const policy = read(asked)
  if ('kind' in policy) return policy
  const serves = servedBy(after.pod, policy.containers)
  return refuseAsNew(after.pod, policy, serves, settings, namespace) ?? judge(before.pod, policy, serves, settings)
}

/** As at the Pod's creation; the level of Pod Security is not asked again, since the namespace's may have risen since. */
function refuseAsNew(
  pod: Pod,
  policy: PodPolicy,
  serves: IsFor,
  settings: AgentSettings,
  namespace: string | undefined,
): Deny | undefined {
  const { config } = policy
  const covered = coveredIn(pod)
  const refusal = refusePolicy(pod, policy, covered, namespace) ?? refuseSources(config, settings)
  if (refusal !== undefined) return refusal
  const { nonce, containers } = placementOf(pod)
  return refuseVariables({ covered, config, serves }, variablesOf(config, containers, nonce, serves))
}

/** By the Pod, and not by the cluster, which may have been upgraded since. */
function coveredIn(pod: Pod): readonly Container[] {
  const isNative = (pod.spec.initContainers ?? []).some(({ name }) => name === AGENT_CONTAINER)
  return isNative ? applicationContainers(pod) : mainContainers(pod)
}

/** As the agent does (agent/reload), with the placeholders that the containers have, whatever was annotated since. */
function judge(before: Pod, { config }: PodPolicy, serves: IsFor, settings: AgentSettings): Outcome {
  const { nonce, containers, ...placed } = placementOf(before)
  const wanted = { ...placed, variables: variablesOf(config, containers, nonce, serves) }
  const fixed = fixedChange(placed, wanted)
  if (fixed !== undefined) return deny('fixed-at-start', fixed)
  const earlier = read(annotationsOf(before))
  // Those that stood cannot be read: the agent goes on by an earlier policy, and which one it is cannot be told here.
  const weaker =
    'kind' in earlier ? ['perhaps, since the annotations before cannot be read'] : weakenings(earlier.config, config)
  if (weaker.length > 0 && settings.lockPolicy) return deny('weaker-policy', joined(weaker, '; ', MAX_MESSAGE))
  return skip('annotations-checked', [
    ...weaker.map((what) => `KernelSeal: protection becomes weaker: ${what}`),
    ...unplaced(placed, wanted).map(
      (name) => `KernelSeal: ${name} has no placeholder here: make the Pod anew to deliver it`,
    ),
  ])
}

const annotationsOf = ({ metadata }: Pod): Annotations => metadata.annotations ?? {}

/** As the agent reads them: the namespace's default mode went into the Pod when it was made. */
function read(annotations: Annotations): PodPolicy | Deny {
  try {
    return parseAnnotations(annotations, {})
  } catch (error) {
    if (error instanceof ConfigError) return deny('bad-annotation', error.message)
    throw error
  }
}
