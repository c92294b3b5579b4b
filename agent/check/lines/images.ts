/** Images that a node could not get, of the webhook, the agents and the doctors. */

import { AGENT_CONTAINER } from '../../policy/sidecar.ts'
import type { ContainerFacts, Facts, PodFacts } from '../facts.ts'
import { type Finding, fail, type Line, linesOf, ok, unknown } from '../line.ts'
import { agentImages } from '../versions.ts'

/** k8s.io/kubernetes, pkg/kubelet/images/types.go */
const REASONS = ['ErrImagePull', 'ImagePullBackOff', 'ErrImageNeverPull', 'InvalidImageName', 'ImageInspectError']

export function imageLines(facts: Facts): Line[] {
  const missing = new Map<string, Set<string>>()
  for (const { metadata, node, containers } of podsOf(facts)) {
    for (const { image, waiting } of containers.filter(isMissing)) {
      const place = `${node ?? metadata.name} (${waiting?.reason})`
      missing.set(image, (missing.get(image) ?? new Set()).add(place))
    }
  }
  return linesOf('images', [...missing].map(faultOf), () => summary(facts))
}

export const isMissing = ({ waiting }: ContainerFacts): boolean =>
  waiting !== undefined && REASONS.includes(waiting.reason)

/** The application's own images are its author's. */
function podsOf({ replicas, doctors, pods }: Facts): PodFacts[] {
  const agents =
    'found' in pods ? pods.found.map((pod) => ({ ...pod, containers: pod.containers.filter(isAgent) })) : []
  return [
    ...('found' in replicas ? replicas.found.map(({ pod }) => pod) : []),
    ...('found' in doctors ? doctors.found.map(({ pod }) => pod) : []),
    ...agents,
  ]
}

const isAgent = ({ name }: ContainerFacts): boolean => name === AGENT_CONTAINER

function faultOf([image, places]: [string, ReadonlySet<string>]): Finding {
  return fail(`${image}: ${[...places].sort().join(', ')} cannot get it`, cureOf(image))
}

export const cureOf = (image: string): string =>
  `load it there (deploy/README.md), or ${/agent/.test(image) ? 'KSEAL_AGENT_IMAGE of the webhook' : 'the image of the Deployment'}`

function summary({ deployments, replicas, pods }: Facts): Finding {
  if ('refused' in replicas && 'refused' in pods) return unknown('not known: no Pod may be read')
  const found = 'found' in deployments ? deployments.found : []
  const names = [...found.map(({ image }) => image), ...agentImages(found)]
  if (names.length === 0) return unknown('not looked at: no webhook names them')
  return ok(`${names.join(', ')}: no node lacks them`)
}
