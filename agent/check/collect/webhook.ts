/** The facts about the webhook: its configurations, Deployment, replicas and their metrics, and the policies beside it. */
import {
  CA_FROM,
  type Configuration,
  type Configurations,
  type DeploymentFacts,
  type Policies,
  type Replica,
  type ReplicaMetrics,
} from '../facts.ts'
import { podFacts, type RawPod } from './pods.ts'
import { type Api, attempt, listAll, orAbsent } from './reading.ts'

const REGISTRATION = '/apis/admissionregistration.k8s.io/v1'
/** Of deploy/last-word. */
const LAST_WORD = 'mutatingwebhookconfigurations/zz-kernelseal'
const SELECTOR = '?labelSelector=app.kubernetes.io%2Fname%3Dkernelseal-webhook'
/** Of the container, as the manifests and the chart have it. */
const METRICS_PORT = 9090

export async function configurations(api: Api): Promise<Configurations> {
  const [mutating, validating, lastWord] = await Promise.all(
    ['mutatingwebhookconfigurations/kernelseal', 'validatingwebhookconfigurations/kernelseal', LAST_WORD].map((name) =>
      orAbsent(() => api.call<Configuration>('GET', `${REGISTRATION}/${name}`)),
    ),
  )
  return {
    ...(mutating && { mutating: configurationFacts(mutating) }),
    ...(validating && { validating: configurationFacts(validating) }),
    ...(lastWord && { lastWord: configurationFacts(lastWord) }),
  }
}

/** Without the copies of the whole that kubectl and the server keep in it. */
function configurationFacts({ metadata, webhooks = [] }: Configuration): Configuration {
  const { name, creationTimestamp, annotations } = metadata
  const from = annotations?.[CA_FROM]
  return {
    metadata: {
      name,
      ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
      ...(from === undefined ? {} : { annotations: { [CA_FROM]: from } }),
    },
    webhooks: webhooks.map(({ name, failurePolicy, clientConfig: { caBundle, service } }) => ({
      name,
      ...(failurePolicy === undefined ? {} : { failurePolicy }),
      clientConfig: { ...(caBundle && { caBundle }), ...(service && { service }) },
    })),
  }
}

interface RawDeployment {
  readonly metadata: { readonly name: string }
  readonly spec: {
    readonly replicas?: number
    readonly template: { readonly spec: { readonly containers: readonly RawContainer[] } }
  }
  readonly status?: { readonly readyReplicas?: number; readonly updatedReplicas?: number }
}

interface RawContainer {
  readonly image?: string
  readonly env?: readonly { readonly name: string; readonly value?: string }[]
}

export const deployments = (api: Api, system: string): Promise<DeploymentFacts[]> =>
  listAll<RawDeployment, DeploymentFacts>(api, `/apis/apps/v1/namespaces/${system}/deployments${SELECTOR}`, (raw) => [
    deploymentFacts(raw),
  ])

function deploymentFacts({ metadata, spec, status }: RawDeployment): DeploymentFacts {
  const [container = {}] = spec.template.spec.containers
  const env = (container.env ?? []).flatMap(({ name, value }) => (value === undefined ? [] : [[name, value] as const]))
  return {
    name: metadata.name,
    wanted: spec.replicas ?? 1,
    ready: status?.readyReplicas ?? 0,
    updated: status?.updatedReplicas ?? 0,
    image: container.image ?? '',
    env: Object.fromEntries(env),
  }
}

export async function replicas(api: Api, system: string): Promise<Replica[]> {
  const path = `/api/v1/namespaces/${system}/pods`
  const pods = await listAll<RawPod, RawPod>(api, path + SELECTOR, (pod) => [pod])
  return Promise.all(
    pods.map(async (raw) => {
      const text = await attempt(() => api.text(`${path}/${raw.metadata.name}:${METRICS_PORT}/proxy/metrics`))
      return { pod: podFacts(raw), ...('found' in text ? { metrics: metricsOf(text.found) } : {}) }
    }),
  )
}

/** @param text in the format of Prometheus */
export function metricsOf(text: string): ReplicaMetrics {
  const version = /^kernelseal_build_info\{[^}]*version="([^"]*)"/m.exec(text)?.[1]
  const expiry = numberOf(text, 'kernelseal_certificate_expiry_timestamp_seconds')
  const trusted = numberOf(text, 'kernelseal_certificate_trusted')
  return {
    ...(version === undefined ? {} : { version }),
    ...(expiry ? { expiry: expiry * 1000 } : {}),
    ...(trusted === undefined ? {} : { trusted: trusted === 1 }),
  }
}

function numberOf(text: string, name: string): number | undefined {
  const found = new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]
  return found === undefined ? undefined : Number(found)
}

interface RawBinding {
  readonly spec: { readonly policyName: string; readonly validationActions?: readonly string[] }
}

export async function policies(api: Api): Promise<Policies> {
  const names = await listAll<{ readonly metadata: { readonly name: string } }, string>(
    api,
    `${REGISTRATION}/validatingadmissionpolicies`,
    ({ metadata }) => [metadata.name],
  )
  const bindings = await listAll<RawBinding, RawBinding['spec']>(
    api,
    `${REGISTRATION}/validatingadmissionpolicybindings`,
    ({ spec }) => [spec],
  )
  const bound = bindings.map(({ policyName, validationActions = [] }) => [policyName, validationActions] as const)
  return { policies: names, bindings: Object.fromEntries(bound) }
}
