/** Why a running Pod has the agent or has none: by the Pod itself, the facts around it, and the webhook's own code run once more. */

import { reasonEntry } from '../../webhook/mutate/answer/reasons.ts'
import { type Explanation, explain } from '../../webhook/offline/explain.ts'
import { decideManifests } from '../../webhook/offline/inject-manifests.ts'
import { offlineCluster } from '../../webhook/offline/offline-cluster.ts'
import { uninjectPod } from '../../webhook/offline/uninject-pod.ts'
import { loadSettings } from '../../webhook/settings/load.ts'
import { agentSettings } from '../../webhook/settings/table.ts'
import { VERSION } from '../config/version.ts'
import { AGENT_CONTAINER } from '../policy/sidecar.ts'
import { podFacts, type RawPod } from './collect/pods.ts'
import type { Facts, PodFacts } from './facts.ts'
import { cureOf, isMissing } from './lines/images.ts'
import { hasAgentContainer, isOptedOut, whyWithout } from './pod-state.ts'

export type Around = Pick<Facts, 'server' | 'configurations' | 'deployments' | 'namespaces' | 'trial'>

export interface PodExplanation {
  readonly object: string
  readonly decision: 'injected' | 'not injected'
  readonly because: string
  readonly fix?: string
  /** Faults of now, which a Pod made anew would meet. */
  readonly now: readonly string[]
  /** The decision on the same Pod, made anew. */
  readonly again: Pick<Explanation, 'decision' | 'reason' | 'because' | 'changes' | 'warnings'>
}

/** @param pod as the API server has it */
export function explainPod(pod: RawPod, around: Around): PodExplanation {
  const facts = podFacts(pod)
  const common = {
    object: `Pod ${facts.metadata.namespace}/${facts.metadata.name}`,
    now: [...agentNow(facts), ...nowWrong(around)],
    again: again(pod, around),
  }
  if (hasAgentContainer(facts)) return { ...common, decision: 'injected', because: howItIs(facts) }
  const why = whyWithout(facts, around)
  if (why === undefined || common.again.reason === 'no-bindings')
    return { ...common, decision: 'not injected', because: whyNoneIsWanted(facts) }
  // A Pod made anew as it stands would be refused, and its workload would have none.
  const first = common.again.decision === 'refused' ? 'put right the cause of the refusal below; then ' : ''
  return { ...common, decision: 'not injected', because: `binds secrets, ${why.because}`, fix: `${first}${why.fix}` }
}

const whyNoneIsWanted = (pod: PodFacts): string => reasonEntry(isOptedOut(pod) ? 'opted-out' : 'no-bindings').sentence

function howItIs({ node, containers }: PodFacts): string {
  const agent = containers.find(({ name }) => name === AGENT_CONTAINER)
  const place = node === undefined ? ', and the Pod has no node yet' : ` on ${node}`
  const state = agent?.ready ? 'ready' : `not ready${agent?.waiting ? ` (${agent.waiting.reason})` : ''}`
  return `its agent ${agent?.image} is ${state}${place}`
}

function agentNow({ metadata: { namespace, name }, node, containers }: PodFacts): string[] {
  const agent = containers.find((container) => container.name === AGENT_CONTAINER)
  if (agent === undefined || agent.ready || node === undefined) return []
  if (isMissing(agent)) return [`${node} cannot get the image of the agent: ${cureOf(agent.image)}`]
  return [`the log of the agent says why: kubectl -n ${namespace} logs ${name} -c ${AGENT_CONTAINER}`]
}

function nowWrong({ configurations, namespaces, trial }: Around): string[] {
  const mutating = 'found' in configurations ? configurations.found.mutating : undefined
  const open = mutating?.webhooks?.some(({ failurePolicy }) => failurePolicy === 'Ignore')
  return [
    ...('refused' in namespaces
      ? ['the labels of the namespace could not be read: `made anew` is as if it had opted in']
      : []),
    ...('found' in configurations && mutating === undefined ? ['there is no webhook in this cluster'] : []),
    ...(open ? ['failurePolicy is Ignore: while the webhook is away, Pods start unsealed'] : []),
    ...(trial.outcome === 'failed' ? [`the API server cannot call the webhook: ${trial.words}`] : []),
  ]
}

/** A Pod that was injected is taken back to its author's form first: to it nothing would have to be added. */
function again(pod: RawPod, around: Around): PodExplanation['again'] {
  const object = { ...((uninjectPod(pod) as RawPod | undefined) ?? pod), apiVersion: 'v1', kind: 'Pod' }
  const settings = loadSettings([], { KSEAL_AGENT_IMAGE: `kernelseal-agent:${VERSION}`, ...environmentOf(around) })
  const cluster = offlineCluster(namespaceObjects(around), settings.defaultMode, around.server.minor)
  const surroundings = { settings: { agent: agentSettings(settings) }, cluster, namespace: pod.metadata.namespace }
  const [decided] = decideManifests([{ where: 'cluster', objects: [object] }], surroundings)
  if (decided === undefined) throw new Error('the object is no Pod')
  const { decision, reason, because, changes, warnings } = explain(decided, cluster)
  return { decision, reason, because, changes, warnings }
}

/** Settings of the webhook that runs, as far as they stand in its Deployment; files of its own container stay out. */
function environmentOf({ deployments }: Around): Readonly<Record<string, string>> {
  const [{ env = {} } = {}] = 'found' in deployments ? deployments.found : []
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/_FILE$|^KSEAL_CA_OUT$/.test(name)))
}

const namespaceObjects = ({ namespaces }: Around): object[] =>
  'found' in namespaces
    ? namespaces.found.map(({ name, labels }) => ({ kind: 'Namespace', metadata: { name, labels } }))
    : []

export function podText({ object, decision, because, fix, now, again: then }: PodExplanation): string {
  const lines = [
    `${object}: ${decision}`,
    `  ${because}`,
    ...(fix === undefined ? [] : [`  fix: ${fix}`]),
    ...now.map((fault) => `  now: ${fault}`),
    `  made anew: ${then.decision} (${then.reason}): ${then.because}`,
    ...then.changes.map((change) => `  - ${change}`),
    ...then.warnings.map((warning) => `  warning: ${warning}`),
  ]
  return `${lines.join('\n')}\n`
}
