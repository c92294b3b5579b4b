/** The facts of a cluster without one: the Namespaces among the manifests, and the command line's options. */
import type { Mode } from '../../agent/policy/types.ts'
import type { GuardedCluster } from '../mutate/cluster/cluster.ts'
import { featuresOf, type NamespaceLabels, namespaceFacts } from '../mutate/cluster/namespaces.ts'
import { isObject } from '../mutate/pod/pod.ts'
import { objectsIn } from './workloads.ts'

export interface OfflineCluster extends GuardedCluster {
  /** Labels of a Namespace that is among the manifests. */
  labels(namespace: string | undefined): NamespaceLabels | undefined
}

/** @param minor of the Kubernetes version, 1.x */
export function offlineCluster(objects: readonly unknown[], mode: Mode, minor: number): OfflineCluster {
  const namespaces = new Map(objects.flatMap(objectsIn).flatMap(labelsOf))
  const labels = (namespace: string | undefined) => (namespace === undefined ? undefined : namespaces.get(namespace))
  return { ...namespaceFacts(labels, mode), ...featuresOf(() => minor), labels }
}

function labelsOf({ kind, metadata }: Record<string, unknown>): [string, NamespaceLabels][] {
  if (kind !== 'Namespace' || !isObject(metadata) || typeof metadata.name !== 'string') return []
  return [[metadata.name, isObject(metadata.labels) ? (metadata.labels as NamespaceLabels) : {}]]
}
