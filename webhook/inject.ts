/** The webhook's work without a server: a Pod → an outcome. Used by `/mutate`, by the tests and offline. */
import { createHash } from 'node:crypto'
import { parseStatus } from '../agent/policy/annotations.ts'
import { MAX_CAPACITY_IN_ALL } from '../agent/policy/rules.ts'
import { AGENT_CONTAINER, PREFIX, type Status } from '../agent/policy/sidecar.ts'
import type { Config, Mode } from '../agent/policy/types.ts'
import { type Variable, variablesOf } from '../agent/policy/variables.ts'
import { refuseNames } from './collisions.ts'
import { applicationContainers, decide, type Go } from './decide.ts'
import { type Deny, deny, inject, type Outcome } from './outcome.ts'
import { type Change, patchOf } from './patch.ts'
import { envConflict, envWith, expansionOfBound } from './placeholders.ts'
import { asPod, type Container, type Pod } from './pod.ts'
import { type AgentContainer, type AgentSettings, agentContainer, agentVolumes } from './sidecar.ts'

export interface InjectionSettings {
  readonly agent: AgentSettings
}

export interface InjectionDeps {
  /** 32 hex digits, new for every Pod. */
  nonce(): string
  /** The mode of Pods that say nothing, by namespace (undefined when it is not known, as offline). */
  defaultMode(namespace: string | undefined): Mode
  /** The namespace of the request; a Pod made from a template does not carry its own. */
  readonly namespace?: string
}

/**
 * @param pod raw JSON of a Pod; never changed
 * @returns inject with the operations to apply (none when the Pod already has everything), skip, or deny
 */
export function injectPod(pod: unknown, settings: InjectionSettings, deps: InjectionDeps): Outcome {
  const read = asPod(pod)
  if ('problem' in read) return deny('bad-pod', read.problem)
  const own = read.pod.metadata.namespace
  const namespace = deps.namespace ?? (typeof own === 'string' && own !== '' ? own : undefined)
  const decision = decide(read.pod, namespace, deps.defaultMode(namespace))
  if (decision.kind !== 'go') return decision
  return injectInto(read.pod, decision, settings, deps)
}

function injectInto(pod: Pod, go: Go, settings: InjectionSettings, deps: InjectionDeps): Outcome {
  const { config } = go
  const agent = agentContainer(config, settings.agent, go.resources)
  const volumes = agentVolumes(config)
  const containers = applicationContainers(pod)
  const nonce = nonceOf(pod) ?? deps.nonce()
  const variables = variablesOf(
    config,
    containers.map(({ name }) => name),
    nonce,
  )
  const refusal = refuseNames(pod, agent, volumes) ?? refuseVariables(containers, variables, config)
  if (refusal !== undefined) return refusal
  const status: Status = {
    version: 'v1',
    nonce,
    hash: createHash('sha256')
      .update(JSON.stringify([config, agent, volumes]))
      .digest('hex'),
    containers: [...new Set(variables.map(({ container }) => container))],
  }
  const changes = [
    ...annotationChanges(pod, status, config.policy.mode),
    { at: ['spec', 'shareProcessNamespace'], value: true },
    { at: ['spec', 'volumes'], value: withMissing(pod.spec.volumes ?? [], volumes) },
    { at: ['spec', 'initContainers'], value: initContainersWith(pod, agent, variables) },
    ...containerChanges(pod, variables),
  ]
  return inject(patchOf(pod, changes), go.warnings)
}

/** The nonce of an earlier pass. Without an agent there was none: a status copied into a template is not believed. */
function nonceOf(pod: Pod): string | undefined {
  const text = pod.metadata.annotations?.[`${PREFIX}status`]
  const hasAgent = (pod.spec.initContainers ?? []).some(({ name }) => name === AGENT_CONTAINER)
  return hasAgent && text !== undefined ? parseStatus(text)?.nonce : undefined
}

function refuseVariables(
  containers: readonly Container[],
  variables: readonly Variable[],
  config: Config,
): Deny | undefined {
  const bytes = variables.reduce((sum, { capacity }) => sum + capacity, 0)
  if (bytes > MAX_CAPACITY_IN_ALL) {
    return deny('placeholders-too-large', `${bytes} bytes in all containers, the limit is ${MAX_CAPACITY_IN_ALL}`)
  }
  for (const container of containers) {
    const own = variablesIn(container, variables)
    const conflict = envConflict(container, own, config)
    if (conflict !== undefined) return deny('variable-already-set', conflict)
    const expansion = expansionOfBound(container, own)
    if (expansion !== undefined) return deny('variable-referenced', expansion)
  }
  return undefined
}

function annotationChanges({ metadata }: Pod, status: Status, mode: Mode): Change[] {
  const own = { [`${PREFIX}status`]: JSON.stringify(status), [`${PREFIX}mode`]: mode }
  if (metadata.annotations === undefined || metadata.annotations === null) {
    return [{ at: ['metadata', 'annotations'], value: own }]
  }
  return Object.entries(own).map(([key, value]) => ({ at: ['metadata', 'annotations', key], value }))
}

function withMissing<Item extends { readonly name: string }>(existing: readonly Item[], own: readonly Item[]): Item[] {
  return [...existing, ...own.filter(({ name }) => !existing.some((item) => item.name === name))]
}

/** The agent first: what stands before it would start before protection does. */
function initContainersWith(pod: Pod, agent: AgentContainer, variables: readonly Variable[]): unknown[] {
  const existing = pod.spec.initContainers ?? []
  const found = existing.find(({ name }) => name === AGENT_CONTAINER)
  const others = existing.filter(({ name }) => name !== AGENT_CONTAINER)
  return [withOwnImage(found, agent), ...others.map((container) => withPlaceholders(container, variables))]
}

/** An agent of an earlier pass keeps what the API server added to it; its image is ours again. */
function withOwnImage(found: Container | undefined, agent: AgentContainer): unknown {
  return found === undefined ? agent : { ...found, image: agent.image, imagePullPolicy: agent.imagePullPolicy }
}

function withPlaceholders(container: Container, variables: readonly Variable[]): Container {
  const own = variablesIn(container, variables)
  return own.length === 0 ? container : { ...container, env: envWith(container, own) }
}

function containerChanges({ spec }: Pod, variables: readonly Variable[]): Change[] {
  return spec.containers.flatMap((container, index) => {
    const own = variablesIn(container, variables)
    return own.length === 0 ? [] : [{ at: ['spec', 'containers', index, 'env'], value: envWith(container, own) }]
  })
}

const variablesIn = ({ name }: Container, variables: readonly Variable[]) =>
  variables.filter(({ container }) => container === name)
