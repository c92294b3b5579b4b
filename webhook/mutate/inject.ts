/** The webhook's work without a server: a Pod → an outcome. Used by `/mutate`, by the tests and offline. */
import { hash } from 'node:crypto'
import { MAX_CAPACITY_IN_ALL } from '../../agent/policy/secrets/check-bindings.ts'
import { capacityInAll, variablesOf } from '../../agent/policy/secrets/variables.ts'
import { AGENT_CONTAINER, DEFAULT_CONTAINER, METRICS_PORT, PREFIX, type Status } from '../../agent/policy/sidecar.ts'
import { warnAboutQuality } from './advice/resources.ts'
import { type Deny, deny, inject, type Outcome, type Skip } from './answer/outcome.ts'
import { patchOf } from './answer/patch.ts'
import { type Place, podChanges } from './change/changes.ts'
import { EVICTABLE, withEvictable } from './change/evictable.ts'
import { added, replaced } from './change/injection-record.ts'
import { pullSecretChanges } from './change/pull-secrets.ts'
import { changedMembers, warnAboutChange } from './change/put-back.ts'
import type { Cluster } from './cluster/cluster.ts'
import { decide, type Go, SEALED_ENV } from './decide.ts'
import { agentIn, mainContainers } from './pod/containers.ts'
import { earlierStatus, hasAgent } from './pod/earlier.ts'
import { asPod, type Pod } from './pod/pod.ts'
import { refuseAdmitted } from './refuse/admitted.ts'
import { refuseNames } from './refuse/collisions.ts'
import { refuseSources } from './refuse/sources-allowed.ts'
import { refuseVariables } from './refuse/variables.ts'
import { agentVolumes } from './sidecar/agent-volumes.ts'
import { type AgentSettings, agentContainer, type Form } from './sidecar/sidecar.ts'

export interface InjectionSettings {
  readonly agent: AgentSettings
}

export interface InjectionDeps {
  /** 32 hex digits, new for every Pod. */
  nonce(): string
  readonly cluster: Cluster
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
  const decision = decide(read.pod, namespace, deps.cluster)
  if (decision.kind === 'skip' && decision.reason === 'no-bindings')
    return refuseAgent(read.pod, 'agent-without-bindings') ?? { ...decision, ...markOf(read.pod) }
  if (decision.kind === 'skip' && decision.reason === 'opted-out')
    return refuseAgent(read.pod, 'agent-beside-opt-out') ?? { ...decision, ...unmarked(read.pod) }
  if (decision.kind !== 'go') return decision
  return injectInto(read.pod, decision, settings, deps)
}

function injectInto(pod: Pod, go: Go, settings: InjectionSettings, deps: InjectionDeps): Outcome {
  const { config, covered, serves } = go
  const form: Form = deps.cluster.nativeSidecars() ? 'native' : 'container'
  const agent = agentContainer(config, settings.agent, go.resources, form, pod)
  const volumes = agentVolumes(config, settings.agent.servers ?? [])
  const before = earlierStatus(pod)
  const nonce = before?.nonce ?? deps.nonce()
  const names = covered.map(({ name }) => name)
  // Before there are any: a small Pod can ask for more of them than fit into memory.
  const early =
    refuseCapacity(go, names) ?? refuseSources(config, settings.agent) ?? refuseAdmitted(config, settings.agent)
  if (early !== undefined) return early
  const variables = variablesOf(config, names, nonce, serves)
  const keepsProfile = deps.cluster.appArmorField()
  const isOld = deps.cluster.secretTokens()
  const place: Place = { pod, agent, volumes, variables, form, keepsProfile, isOld, isLaterPass: before !== undefined }
  const refusal = refuseNames(place) ?? refuseVariables(go, variables)
  if (refusal !== undefined) return refusal
  const status: Status = {
    version: 'v1',
    nonce,
    hash: hash('sha256', JSON.stringify([config, agent, volumes])),
    containers: [...new Set(variables.map(({ container }) => container))],
    added: added(pod, before, go.port),
    replaced: replaced(covered, variables, before),
  }
  const annotations = { ...annotationsOf(pod, status, go, before), ...appArmorOf(deps.cluster) }
  const warnings = [...go.warnings, ...warnAboutOthers(place), ...warnAboutQuality(pod, agent)]
  const changes = [...podChanges(place, annotations), ...pullSecretChanges(pod, settings.agent.pullSecrets ?? [])]
  return inject(patchOf(pod, changes), warnings)
}

/** What others did to our container since the last pass. */
function warnAboutOthers({ pod, agent, isOld, isLaterPass }: Place): string[] {
  const found = agentIn(pod)
  if (found === undefined) return []
  const image = isLaterPass && found.image !== agent.image ? ['image'] : []
  return warnAboutChange(found, [...image, ...changedMembers(found, agent, pod, isOld)])
}

/** By annotations other than the short form. */
export const bindsBy = (annotations: Readonly<Record<string, string>>): boolean =>
  ['bindings', 'sealed-env'].some((name) => Object.hasOwn(annotations, PREFIX + name)) ||
  (annotations[`${PREFIX}seal-env`] ?? 'false') !== 'false'

/** The status of a Pod in which there is nothing to seal after all; deploy/base/agent-policy.yaml knows this very text. */
export const NOTHING_TO_SEAL = '{"version":"v1","skipped":"no-bindings"}'

/** Marks of a sealed Pod. */
const MARKS: readonly string[] = [`${PREFIX}status`, `${PREFIX}mode`, SEALED_ENV]

/** A Pod that opts out shall not look like a sealed one, neither to people nor to programs that read annotations. */
function unmarked(pod: Pod, marks = MARKS): Pick<Skip, 'operations'> {
  const annotations = Object.entries(pod.metadata.annotations ?? {})
  const kept = annotations.filter(([key]) => !marks.includes(key))
  if (kept.length === annotations.length) return {}
  return { operations: patchOf(pod, [{ at: ['metadata', 'annotations'], value: Object.fromEntries(kept) }]) }
}

/** It would run as the author wrote it, with any image, and to people and to the API server's own check the Pod would look like a sealed one. */
const refuseAgent = (pod: Pod, reason: 'agent-without-bindings' | 'agent-beside-opt-out'): Deny | undefined =>
  hasAgent(pod) ? deny(reason, `container \`${AGENT_CONTAINER}\``) : undefined

/** Without it the API server's own check would take the Pod for one that the webhook was not asked about. */
function markOf(pod: Pod): Pick<Skip, 'operations'> {
  if (!bindsBy(pod.metadata.annotations ?? {})) return unmarked(pod, [`${PREFIX}status`])
  return { operations: patchOf(pod, [{ at: ['metadata', 'annotations', `${PREFIX}status`], value: NOTHING_TO_SEAL }]) }
}

function refuseCapacity({ config, serves }: Go, containers: readonly string[]): Deny | undefined {
  const bytes = capacityInAll(config, containers, serves)
  if (bytes <= MAX_CAPACITY_IN_ALL) return undefined
  return deny('placeholders-too-large', `${bytes} bytes in all containers, the limit is ${MAX_CAPACITY_IN_ALL}`)
}

function annotationsOf(pod: Pod, status: Status, go: Go, before: Status | undefined): Readonly<Record<string, string>> {
  const { metadata } = pod
  const application = mainContainers(pod)[0]?.name ?? AGENT_CONTAINER
  return {
    [`${PREFIX}status`]: JSON.stringify(status),
    [`${PREFIX}mode`]: go.config.policy.mode,
    // One that stood there was not looked at; the agent reads it.
    ...(go.sealed === undefined && metadata.annotations?.[SEALED_ENV] === undefined
      ? {}
      : { [SEALED_ENV]: go.sealed ?? '[]' }),
    // One of an earlier pass was not looked at either, and may be none any more, or the application's.
    ...(go.port === undefined && !before?.added?.includes('metrics-port')
      ? {}
      : { [METRICS_PORT]: `${go.config.monitoring.metricsPort}` }),
    [DEFAULT_CONTAINER]: metadata.annotations?.[DEFAULT_CONTAINER] ?? application,
    [EVICTABLE]: withEvictable(metadata.annotations?.[EVICTABLE]),
  }
}

export const APP_ARMOR = `container.apparmor.security.beta.kubernetes.io/${AGENT_CONTAINER}`

function appArmorOf(cluster: Cluster): Readonly<Record<string, string>> {
  return cluster.appArmorField() ? {} : { [APP_ARMOR]: 'unconfined' }
}
