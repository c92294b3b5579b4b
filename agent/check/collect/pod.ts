/** One Pod of a cluster, and as much around it as its explanation needs: a user of one namespace may read most of that. */
import { UsageError } from '../../policy/text/problems.ts'
import type { Version } from '../cluster.ts'
import type { Around } from '../explain-pod.ts'
import type { Meta, NamespaceFacts } from '../facts.ts'
import { isOpen } from '../namespaces.ts'
import { minorOf, systemOf } from './collect.ts'
import type { RawPod } from './pods.ts'
import { type Api, attempt, orAbsent } from './reading.ts'
import { tryWebhook } from './trial.ts'
import { configurations, deployments } from './webhook.ts'

interface Cluster {
  readonly api: Api
  readonly version: Version
}

/** @throws UsageError where there is no such Pod; ApiError where it may not be read */
export async function collectPod({ api, version }: Cluster, name: string, namespace: string) {
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}`
  const pod = await orAbsent(() => api.call<RawPod>('GET', `${path}/pods/${encodeURIComponent(name)}`))
  if (pod === undefined) throw new UsageError(`there is no Pod \`${name}\` in namespace \`${namespace}\``)
  return { pod, around: await around(api, version, path) }
}

async function around(api: Api, version: Version, path: string): Promise<Around> {
  const [configured, namespaces] = await Promise.all([
    attempt(() => configurations(api)),
    attempt(async (): Promise<NamespaceFacts[]> => {
      const { metadata } = await api.call<{ readonly metadata: Meta }>('GET', path)
      return [{ name: metadata.name, labels: metadata.labels ?? {} }]
    }),
  ])
  const open = 'found' in namespaces ? namespaces.found.find(isOpen) : undefined
  const [deployed, trial] = await Promise.all([
    attempt(() => deployments(api, systemOf(configured))),
    tryWebhook(api, open?.name),
  ])
  return {
    server: { gitVersion: version.gitVersion, minor: minorOf(version) },
    configurations: configured,
    deployments: deployed,
    namespaces,
    trial,
  }
}
