/** A Pod of the API server → the members that a line of the check looks at. */
import { AGENT_CONTAINER, PREFIX } from '../../policy/sidecar.ts'
import type { ContainerFacts, Meta, PodFacts } from '../facts.ts'

/** core/v1 ContainerStatus, as much as is read. */
interface ContainerStatus {
  readonly name: string
  readonly ready?: boolean
  readonly restartCount?: number
  readonly state?: { readonly waiting?: { readonly reason?: string; readonly message?: string } }
}

interface Container {
  readonly name: string
  readonly image?: string
}

export interface RawPod {
  readonly metadata: Meta & { readonly deletionTimestamp?: string }
  readonly spec: {
    readonly nodeName?: string
    readonly containers: readonly Container[]
    readonly initContainers?: readonly Container[]
  }
  readonly status?: {
    readonly phase?: string
    readonly containerStatuses?: readonly ContainerStatus[]
    readonly initContainerStatuses?: readonly ContainerStatus[]
  }
}

export const concernsUs = ({ metadata, spec }: RawPod): boolean =>
  [metadata.annotations, metadata.labels].some((map) => Object.keys(map ?? {}).some((key) => key.includes(PREFIX))) ||
  [...(spec.initContainers ?? []), ...spec.containers].some(({ name }) => name === AGENT_CONTAINER)

export function podFacts({ metadata, spec, status = {} }: RawPod): PodFacts {
  const statuses = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])]
  const containers = [...(spec.initContainers ?? []), ...spec.containers]
  return {
    metadata: metaFacts(metadata),
    ...(spec.nodeName === undefined ? {} : { node: spec.nodeName }),
    ...(status.phase === undefined ? {} : { phase: status.phase }),
    ...(metadata.deletionTimestamp === undefined ? {} : { isDeleted: true as const }),
    containers: containers.map((container) => containerFacts(container, statuses)),
  }
}

function containerFacts({ name, image = '' }: Container, statuses: readonly ContainerStatus[]): ContainerFacts {
  const status = statuses.find((one) => one.name === name)
  if (status === undefined) return { name, image }
  const { ready = false, restartCount: restarts = 0, state } = status
  const { reason = '', message = '' } = state?.waiting ?? {}
  return { name, image, ready, restarts, ...(state?.waiting === undefined ? {} : { waiting: { reason, message } }) }
}

/** Other annotations are up to 256 KiB a Pod, and no business of ours. */
function metaFacts({ name, namespace, creationTimestamp, annotations, labels }: Meta): Meta {
  return {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
    annotations: ours(annotations),
    labels: ours(labels),
  }
}

const KEPT = /kernelseal\.io\/|^kubernetes\.io\/config\.mirror$|^pod-template-hash$|^job-name$/
const ours = (map: Meta['annotations'] = {}) =>
  Object.fromEntries(Object.entries(map).filter(([key]) => KEPT.test(key)))
