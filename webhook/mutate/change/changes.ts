/** The changes to the Pod: one change per member that is ours, however many variables there are. */

import type { Variable } from '../../../agent/policy/secrets/variables.ts'
import { AGENT_CONTAINER } from '../../../agent/policy/sidecar.ts'
import type { Change } from '../answer/patch.ts'
import type { Container, Pod } from '../pod/pod.ts'
import type { AgentVolumes } from '../sidecar/agent-volumes.ts'
import type { AgentContainer, Form } from '../sidecar/sidecar.ts'
import { envWith, variablesIn } from './placeholders.ts'
import { putBack, withToken } from './put-back.ts'

export interface Place {
  readonly pod: Pod
  readonly agent: AgentContainer
  readonly volumes: AgentVolumes
  readonly variables: readonly Variable[]
  readonly form: Form
  /** The server knows `appArmorProfile`. */
  readonly keepsProfile: boolean
  /** As for `isTokenMount`. */
  readonly isOld: boolean
  /** The Pod has the record of an earlier pass: what differs in its agent has been changed since. */
  readonly isLaterPass: boolean
}

export function podChanges(place: Place, annotations: Readonly<Record<string, string>>): Change[] {
  const { pod, volumes } = place
  return [
    ...annotationChanges(pod, annotations),
    { at: ['spec', 'shareProcessNamespace'], value: true },
    { at: ['spec', 'volumes'], value: withOwn(pod.spec.volumes ?? [], volumes) },
    ...(place.form === 'native' ? nativeChanges(place) : containerChanges(place)),
  ]
}

function annotationChanges({ metadata }: Pod, own: Readonly<Record<string, string>>): Change[] {
  if (metadata.annotations === undefined || metadata.annotations === null) {
    return [{ at: ['metadata', 'annotations'], value: own }]
  }
  return Object.entries(own).map(([key, value]) => ({ at: ['metadata', 'annotations', key], value }))
}

/** Those that are there already are ours, or have been refused; another webhook may have written into one since. */
function withOwn<Item extends { readonly name: string }>(existing: readonly Item[], own: readonly Item[]): Item[] {
  const names = new Set(existing.map(({ name }) => name))
  const byName = new Map(own.map((item) => [item.name, item]))
  return [...existing.map((item) => byName.get(item.name) ?? item), ...own.filter(({ name }) => !names.has(name))]
}

/** The agent among the init containers; of the others only the environment changes. */
function nativeChanges(place: Place): Change[] {
  const { pod, variables } = place
  const envs = pod.spec.containers.flatMap((container, index) => {
    const own = variablesIn(container, variables)
    return own.length === 0 ? [] : [{ at: ['spec', 'containers', index, 'env'], value: envWith(container, own) }]
  })
  return [{ at: ['spec', 'initContainers'], value: agentFirst(pod.spec.initContainers ?? [], place) }, ...envs]
}

function containerChanges(place: Place): Change[] {
  return [{ at: ['spec', 'containers'], value: agentFirst(place.pod.spec.containers, place) }]
}

/** The agent first: a container before it would start before protection does. */
function agentFirst(existing: readonly Container[], { pod, agent, variables, keepsProfile, isOld }: Place): unknown[] {
  const found = existing.find(({ name }) => name === AGENT_CONTAINER)
  const others = existing.filter(({ name }) => name !== AGENT_CONTAINER)
  const first =
    found === undefined
      ? withToken(agent, pod, isOld)
      : withOwnMembers(putBack(found, agent, pod, isOld), agent, keepsProfile)
  return [first, ...others.map((container) => withPlaceholders(container, variables))]
}

/**
 * An agent that is there already keeps the API server's additions. Ours again are the members that are not compared: its
 * image, and its securityContext, in which an author may have left out the profile that servers before 1.30 drop.
 */
function withOwnMembers(
  found: Container,
  { image, imagePullPolicy, securityContext }: AgentContainer,
  keepsProfile: boolean,
) {
  // The API server's plugin AlwaysPullImages writes it in each round, and refuses another in the end: it takes nothing from the agent.
  const pull = found.imagePullPolicy === 'Always' ? 'Always' : imagePullPolicy
  return { ...found, image, imagePullPolicy: pull, ...(keepsProfile && { securityContext }) }
}

function withPlaceholders(container: Container, variables: readonly Variable[]): Container {
  const own = variablesIn(container, variables)
  return own.length === 0 ? container : { ...container, env: envWith(container, own) }
}
