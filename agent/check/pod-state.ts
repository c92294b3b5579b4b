/** How a running Pod stands to KernelSeal, by its own annotations and the facts around it. */

import { INJECTION_LABEL } from '../../webhook/mutate/cluster/namespaces.ts'
import { bindsBy, NOTHING_TO_SEAL } from '../../webhook/mutate/inject.ts'
import { AGENT_CONTAINER, PREFIX, SHORT_FORM_PREFIX } from '../policy/sidecar.ts'
import type { Facts, PodFacts } from './facts.ts'
import { installOn } from './line.ts'
import { isOpen, NEVER } from './namespaces.ts'

export const isOver = ({ phase, isDeleted }: PodFacts): boolean =>
  isDeleted === true || phase === 'Succeeded' || phase === 'Failed'

export const hasAgentContainer = ({ containers }: PodFacts): boolean =>
  containers.some(({ name }) => name === AGENT_CONTAINER)

export function bindsSecrets({ metadata: { annotations = {} } }: PodFacts): boolean {
  if (annotations[`${PREFIX}status`] === NOTHING_TO_SEAL || 'kubernetes.io/config.mirror' in annotations) return false
  return bindsBy(annotations) || Object.keys(annotations).some((key) => key.startsWith(SHORT_FORM_PREFIX))
}

export const isOptedOut = ({ metadata: { annotations = {}, labels = {} } }: PodFacts): boolean =>
  annotations[`${PREFIX}inject`] === 'false' || labels[`${PREFIX}inject`] === 'false'

export interface Why {
  readonly because: string
  readonly fix: string
}

type Around = Pick<Facts, 'server' | 'namespaces' | 'configurations'>

/** Why a Pod that wants the agent has none; undefined where it wants none. */
export function whyWithout(pod: PodFacts, { server, namespaces, configurations }: Around): Why | undefined {
  if (!bindsSecrets(pod) || isOptedOut(pod) || hasAgentContainer(pod)) return undefined
  const { namespace = '', creationTimestamp = '' } = pod.metadata
  const restart = restartOf(pod)
  if (NEVER.includes(namespace))
    return { because: 'in a namespace that is left out for good', fix: 'move it to another, with the label' }
  const around = 'found' in namespaces ? namespaces.found.find(({ name }) => name === namespace) : undefined
  if (around !== undefined && !isOpen(around)) {
    const because = `and namespace \`${namespace}\` has no label \`${INJECTION_LABEL}: enabled\``
    return { because, fix: `kubectl label --overwrite namespace ${namespace} ${INJECTION_LABEL}=enabled; ${restart}` }
  }
  const mutating = 'found' in configurations ? configurations.found.mutating : undefined
  if ('found' in configurations && mutating === undefined)
    return { because: 'and there is no webhook', fix: `${installOn(server)}; ${restart}` }
  const hidden = unread({ namespaces, configurations })
  if (hidden.length > 0) {
    const because = `and why it has no agent is not known: you could not read ${hidden.join(' and ')}`
    return { because, fix: `ask for \`get\` and \`list\` of them, or try it: ${restart}` }
  }
  if (Date.parse(creationTimestamp) < Date.parse(mutating?.metadata.creationTimestamp ?? ''))
    return { because: 'made before the webhook', fix: restart }
  return {
    because: 'made while the webhook was not called (before the label, or while it was taken off)',
    fix: restart,
  }
}

/** Without them a guess would sound like knowledge. */
function unread({ namespaces, configurations }: Pick<Facts, 'namespaces' | 'configurations'>): string[] {
  const facts = { namespaces, mutatingwebhookconfigurations: configurations }
  return Object.entries(facts).flatMap(([resource, known]) => ('refused' in known ? [resource] : []))
}

/** The workload's name by the hash that its ReplicaSet puts into every Pod (apps/v1, pod-template-hash). */
function restartOf({ metadata }: PodFacts): string {
  const { name, namespace, labels = {} } = metadata
  const hash = labels['pod-template-hash']
  const at = hash === undefined ? -1 : name.lastIndexOf(`-${hash}-`)
  if (at > 0) return `kubectl -n ${namespace} rollout restart deployment/${name.slice(0, at)}`
  return `make it anew: kubectl -n ${namespace} delete pod ${name}, where a workload makes another`
}
