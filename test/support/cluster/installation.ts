/** The webhook as its users install it: an overlay applied, its Deployment run by the stand-in node. */
import { join } from 'node:path'
import { build } from '../kustomize.ts'
import { type Any, call, get, kubectl, MINOR, REPOSITORY, until } from './cluster.ts'
import { overlayFor } from './overlays.ts'
import { type StandInNode, startNode } from './stand-in-node.ts'
import type { StandInPod } from './stand-in-pod.ts'

export const SYSTEM = 'kernelseal-system'
export const DEPLOYMENT = `/apis/apps/v1/namespaces/${SYSTEM}/deployments/kernelseal-webhook`
export const MUTATING = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/kernelseal'
export const VALIDATING = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/kernelseal'

/** The overlay that makes its own certificate, in the form this server takes. */
export const OVERLAY = overlayFor(MINOR)

export interface Installation {
  /** Those that are up, in the order of their start. */
  pods(): readonly StandInPod[]
  /** All that ever were. */
  readonly all: ReadonlySet<StandInPod>
  /** Changes the Deployment's environment, and waits until the rollout is over. */
  setEnv(env: Readonly<Record<string, string>>): Promise<void>
  remove(): Promise<void>
}

/** @param env variables that differ from the manifest's */
export async function install(env: Readonly<Record<string, string>> = {}): Promise<Installation> {
  await apply(OVERLAY)
  if (Object.keys(env).length > 0) await setEnv(env)
  return installed(remove)
}

/** What is applied already, with a node for its Pods. @param takeAway the opposite of having applied it */
export async function installed(takeAway: () => Promise<void>): Promise<Installation> {
  const node = await startNode(SYSTEM)
  const all = new Set<StandInPod>()
  const seeing = setInterval(() => see(node, all), 20)
  const removeAll = async () => {
    clearInterval(seeing)
    await node.close()
    await takeAway()
    await noNamespace()
  }
  const settled = async () => {
    await rolledOut()
    // A Deployment no longer counts the replicas that are ending, and their programs still run.
    const { spec } = await get(DEPLOYMENT)
    await until('earlier replicas have ended', async () => node.pods.size === spec.replicas)
  }
  try {
    await settled()
  } catch (error) {
    // Left behind it would keep this process alive, and stand in the way of the next file's.
    await removeAll()
    throw error
  }
  see(node, all)
  return {
    all,
    pods: () => [...node.pods.values()],
    setEnv: async (changed) => {
      await setEnv(changed)
      await settled()
    },
    remove: removeAll,
  }
}

export async function noNamespace(): Promise<void> {
  await call('DELETE', `/api/v1/namespaces/${SYSTEM}`)
  await until('its namespace is gone', async () => (await call('GET', `/api/v1/namespaces/${SYSTEM}`)).status === 404)
}

function see(node: StandInNode, all: Set<StandInPod>): void {
  for (const pod of node.pods.values()) all.add(pod)
}

export function apply(overlay: string, ...flags: readonly string[]): Promise<string> {
  return kustomized('apply', join('deploy/overlays', overlay), ...flags)
}

/**
 * `kubectl VERB -k FOLDER`; before 1.21 it knows no kustomize components, and the tests' own renderer stands in for it.
 * @param folder below the repository
 */
export async function kustomized(verb: 'apply' | 'delete', folder: string, ...flags: readonly string[]) {
  const list = () => JSON.stringify({ apiVersion: 'v1', kind: 'List', items: build(join(REPOSITORY, folder)) })
  const ran =
    MINOR < 21 ? await kubectl([verb, ...flags, '-f', '-'], list()) : await kubectl([verb, ...flags, '-k', folder])
  if (ran.status !== 0) throw new Error(`kubectl ${verb}: ${ran.stderr}`)
  return ran.stdout + ran.stderr
}

/** Configurations first: without their webhook they would hold up the rest of the removal. */
async function remove(): Promise<void> {
  const items = build(join(REPOSITORY, 'deploy/overlays', OVERLAY))
  const [first, rest] = [items.filter(isConfiguration), items.filter((item) => !isConfiguration(item))]
  for (const part of [first, rest]) {
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: part })
    const ran = await kubectl(['delete', '--ignore-not-found', '--wait=false', '-f', '-'], list)
    if (ran.status !== 0) throw new Error(`kubectl delete: ${ran.stderr}`)
  }
}

const isConfiguration = ({ kind }: { readonly kind: string }): boolean => /Webhook|AdmissionPolicy/.test(kind)

async function setEnv(env: Readonly<Record<string, string>>): Promise<void> {
  const pairs = Object.entries(env).map(([name, value]) => `${name}=${value}`)
  const ran = await kubectl(['-n', SYSTEM, 'set', 'env', 'deployment/kernelseal-webhook', ...pairs])
  if (ran.status !== 0) throw new Error(`kubectl set env: ${ran.stderr}`)
}

/** The Deployment has its replicas, all of the newest kind and ready, and every API server entry has a caBundle. */
export async function rolledOut(seconds = 120): Promise<void> {
  const isRolledOut = async () => {
    const { metadata, spec, status } = await get(DEPLOYMENT)
    const counts = [status.replicas, status.updatedReplicas, status.readyReplicas]
    return status.observedGeneration === metadata.generation && counts.every((count: number) => count === spec.replicas)
  }
  await until('the Deployment is rolled out', isRolledOut, seconds)
  const configurations: Any[] = [await get(MUTATING), await get(VALIDATING)]
  const bundles = configurations.flatMap(({ webhooks }) =>
    webhooks.map(({ clientConfig }: Any) => clientConfig.caBundle),
  )
  if (!bundles.every((bundle) => typeof bundle === 'string')) throw new Error('a webhook has no caBundle')
}
