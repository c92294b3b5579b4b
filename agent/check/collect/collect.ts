/** Asks the cluster for all facts, once, each on its own: a refusal costs its own lines and no others. */
import { VERSION } from '../../config/version.ts'
import type { openCluster, Version } from '../cluster.ts'
import type { Doctor, Facts, Known, Meta, NamespaceFacts, NodeFacts, PodFacts } from '../facts.ts'
import { isOpen } from '../namespaces.ts'
import { concernsUs, podFacts, type RawPod } from './pods.ts'
import { type Api, attempt, listAll } from './reading.ts'
import { tryWebhook } from './trial.ts'
import { configurations, deployments, policies, replicas } from './webhook.ts'

type Cluster = Pick<Awaited<ReturnType<typeof openCluster>>, 'version'> & { readonly api: Api }

const SYSTEM = 'kernelseal-system'
const DOCTORS = '/api/v1/namespaces/kernelseal-doctor/pods'
/** Of a doctor's log, which has some forty lines. */
const LOG_BYTES = 16_384

/** @param namespace whose Pods are looked at; undefined: all */
export async function collect({ api, version }: Cluster, namespace: string | undefined): Promise<Facts> {
  const [configured, namespaces] = await Promise.all([
    attempt(() => configurations(api)),
    attempt(() => listNamespaces(api)),
  ])
  const system = systemOf(configured)
  const [deployed, replicated, policed, nodes, pods, doctors, trial] = await Promise.all([
    attempt(() => deployments(api, system)),
    attempt(() => replicas(api, system)),
    attempt(() => policies(api)),
    attempt(() => listNodes(api)),
    attempt(() => listPods(api, namespace)),
    attempt(() => listDoctors(api)),
    tryWebhook(api, trialPlace(namespaces, namespace)),
  ])
  return {
    version: VERSION,
    now: Date.now() + (api.clockOffset() ?? 0),
    server: { gitVersion: version.gitVersion, minor: minorOf(version) },
    system,
    configurations: configured,
    deployments: deployed,
    replicas: replicated,
    policies: policed,
    namespaces,
    nodes,
    pods,
    doctors,
    trial,
  }
}

export const minorOf = ({ minor }: Version): number => Number(/^\d+/.exec(minor)?.[0] ?? 0)

/** A chart may have installed it elsewhere: its Service is where its Deployment is. */
export function systemOf(configured: Facts['configurations']): string {
  const entries = 'found' in configured ? (configured.found.mutating?.webhooks ?? []) : []
  return entries[0]?.clientConfig.service?.namespace ?? SYSTEM
}

/** The one that is looked at, where it has opted in; a user without rights over all may still have them there. */
function trialPlace(namespaces: Known<readonly NamespaceFacts[]>, wanted: string | undefined): string | undefined {
  if (!('found' in namespaces)) return wanted
  const open = namespaces.found.filter(isOpen).map(({ name }) => name)
  return open.find((name) => name === wanted) ?? open[0]
}

const listNamespaces = (api: Api): Promise<NamespaceFacts[]> =>
  listAll<{ readonly metadata: Meta }, NamespaceFacts>(api, '/api/v1/namespaces', ({ metadata }) => [
    { name: metadata.name, labels: metadata.labels ?? {} },
  ])

const listNodes = (api: Api): Promise<NodeFacts[]> =>
  listAll<{ readonly metadata: Meta }, NodeFacts>(api, '/api/v1/nodes', ({ metadata }) => [
    { name: metadata.name, os: metadata.labels?.['kubernetes.io/os'] ?? 'linux' },
  ])

const listPods = (api: Api, namespace: string | undefined): Promise<PodFacts[]> =>
  listAll<RawPod, PodFacts>(
    api,
    namespace === undefined ? '/api/v1/pods' : `/api/v1/namespaces/${namespace}/pods`,
    (pod) => (concernsUs(pod) ? [podFacts(pod)] : []),
  )

async function listDoctors(api: Api): Promise<Doctor[]> {
  const pods = await listAll<RawPod, PodFacts>(api, DOCTORS, (pod) => [podFacts(pod)])
  return Promise.all(
    pods.map(async (pod) => {
      const log = await attempt(() => api.text(`${DOCTORS}/${pod.metadata.name}/log?limitBytes=${LOG_BYTES}`))
      return { pod, ...('found' in log ? { log: log.found } : {}) }
    }),
  )
}
