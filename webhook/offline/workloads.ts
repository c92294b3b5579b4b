/** Where the Pods are: in Pods, in the templates of workloads, in Lists of those. */
import { isObject } from '../mutate/pod/pod.ts'

/** A Pod or a Pod template inside an object of a manifest. */
export interface PodPlace {
  /** `Deployment shop/web`, for messages. */
  readonly title: string
  readonly kind: string
  readonly namespace: string | undefined
  /** From the object given to the Pod. */
  readonly steps: readonly (string | number)[]
  /** The Pod, with a `metadata` even where the template has none. */
  readonly pod: { readonly metadata: Record<string, unknown>; readonly [member: string]: unknown }
  /** Metadata of the workload, when it is not itself the Pod. */
  readonly owner: Record<string, unknown> | undefined
}

/** Paths of the Pod template, by kind (k8s.io/api apps/v1, batch/v1, core/v1). */
const TEMPLATES: ReadonlyMap<string, readonly string[]> = new Map([
  ['Pod', []],
  ['PodTemplate', ['template']],
  ['CronJob', ['spec', 'jobTemplate', 'spec', 'template']],
])
/** Deployment, ReplicaSet, StatefulSet, DaemonSet, Job, ReplicationController, and other kinds that have one there. */
const USUAL_TEMPLATE = ['spec', 'template']

export function podsIn(object: unknown, steps: readonly (string | number)[] = []): PodPlace[] {
  if (!isObject(object) || typeof object.kind !== 'string') return []
  if (object.kind.endsWith('List') && Array.isArray(object.items)) {
    return object.items.flatMap((item, index) => podsIn(item, [...steps, 'items', index]))
  }
  const path = TEMPLATES.get(object.kind) ?? USUAL_TEMPLATE
  const pod = memberAt(object, path)
  if (!isObject(pod) || !isObject(pod.spec) || !Array.isArray(pod.spec.containers)) return []
  const metadata = isObject(object.metadata) ? object.metadata : {}
  return [
    {
      title: titleOf(object.kind, metadata),
      kind: object.kind,
      namespace: textOf(metadata.namespace),
      steps: [...steps, ...path],
      pod: { ...pod, metadata: isObject(pod.metadata) ? pod.metadata : {} },
      owner: path.length === 0 ? undefined : metadata,
    },
  ]
}

/** All objects of a manifest, those inside Lists too. */
export function objectsIn(object: unknown): Record<string, unknown>[] {
  if (!isObject(object)) return []
  if (typeof object.kind === 'string' && object.kind.endsWith('List') && Array.isArray(object.items)) {
    return object.items.flatMap(objectsIn)
  }
  return [object]
}

export function titleOf(kind: string, metadata: Record<string, unknown>): string {
  const name = textOf(metadata.name) ?? `${textOf(metadata.generateName) ?? ''}*`
  const namespace = textOf(metadata.namespace)
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`
}

function memberAt(object: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, step) => (isObject(value) ? value[step] : undefined), object)
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)
