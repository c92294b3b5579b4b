/** Pods that bind secrets: whether they have the agent, whether it is ready, and whether it is the one that new Pods get. */

import { AGENT_CONTAINER } from '../../policy/sidecar.ts'
import type { ContainerFacts, Facts, PodFacts } from '../facts.ts'
import { counted, type Finding, fail, type Line, linesOf, notKnown, ok, warn } from '../line.ts'
import { bindsSecrets, hasAgentContainer, isOptedOut, isOver, whyWithout } from '../pod-state.ts'
import { agentImages } from '../versions.ts'

/** An agent has a minute to prove protection, up to 300 s by setting (KSEAL_AGENT_READY_SECONDS). */
const PATIENCE = 5 * 60 * 1000

export function podLines(facts: Facts): Line[] {
  const { pods } = facts
  if ('refused' in pods) return linesOf('pods', [notKnown(pods)], () => ok(''))
  const living = pods.found.filter((pod) => !isOver(pod))
  const faults = [...living.flatMap((pod) => faultsOf(pod, facts)), ...others(living, facts)]
  return linesOf('pods', faults, () => summary(living))
}

function faultsOf(pod: PodFacts, facts: Facts): Finding[] {
  const name = `${pod.metadata.namespace}/${pod.metadata.name}`
  const agent = pod.containers.find((container) => container.name === AGENT_CONTAINER)
  if (agent !== undefined) return unready(pod, agent, facts.now)
  const why = whyWithout(pod, facts)
  if (why === undefined) return []
  return [fail(`${name}: binds secrets, ${why.because}; has no agent`, why.fix)]
}

/** Images that are missing have a line of their own. */
function unready({ metadata }: PodFacts, { ready, restarts = 0, waiting }: ContainerFacts, now: number): Finding[] {
  const isNew = Date.parse(metadata.creationTimestamp ?? '') > now - PATIENCE
  if (ready || ready === undefined || /Image/.test(waiting?.reason ?? '')) return []
  if (isNew && restarts === 0) return []
  const reason = waiting?.reason ? ` (${waiting.reason})` : ''
  const said = `${metadata.namespace}/${metadata.name}: its agent is not ready${reason}, ${counted(restarts, 'restart')}`
  return [fail(said, `kubectl -n ${metadata.namespace} logs ${metadata.name} -c ${AGENT_CONTAINER}`)]
}

/** A Pod keeps its agent until it is made anew: a few of another version are the usual state after an upgrade. */
function others(pods: readonly PodFacts[], { deployments }: Facts): Finding[] {
  const wanted = agentImages('found' in deployments ? deployments.found : [])
  if (wanted.length === 0) return []
  const images = pods.flatMap(({ containers }) =>
    containers.filter(({ name }) => name === AGENT_CONTAINER).map(({ image }) => image),
  )
  const other = images.filter((image) => !wanted.includes(image))
  if (other.length === 0) return []
  const said = `${counted(other.length, 'Pod')} with another agent than new ones get: ${[...new Set(other)].join(', ')}`
  return [warn(said, 'kubectl rollout restart, at your own pace (docs/upgrade.md)')]
}

function summary(pods: readonly PodFacts[]): Finding {
  const sealed = pods.filter(hasAgentContainer).length
  const out = pods.filter((pod) => bindsSecrets(pod) && isOptedOut(pod)).length
  return ok(`${sealed} with the agent${out === 0 ? '' : `, ${out} opted out`}, none without that binds secrets`)
}
