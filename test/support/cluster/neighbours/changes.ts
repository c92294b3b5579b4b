/**
 * The changes of six well-known webhooks to a Pod that they are asked about, each in its own way, written after their sources: members
 * and values as theirs, and the same care or carelessness with containers that are not the application's.
 */
import type { Any } from '../cluster.ts'
import { NATIVE } from '../pods.ts'
import { asOldClientWritesIt } from './old-client.ts'

/** Changes the Pod in place. */
export type Neighbour = (pod: Any) => void

const containersOf = ({ spec }: Any): Any[] => [...(spec.initContainers ?? []), ...spec.containers]
const named = (items: Any[] | undefined, name: string): boolean => (items ?? []).some((item) => item.name === name)
const token = (name: string, audience: string, path: string) => ({
  name,
  projected: { sources: [{ serviceAccountToken: { audience, expirationSeconds: 86400, path } }] },
})
/** Containers that the author of the Pod has told a webhook to leave alone. */
const skipped = (pod: Any, key: string, separator: string): string[] =>
  (pod.metadata.annotations?.[key] ?? '').split(separator).map((name: string) => name.trim())

/** amazon-eks-pod-identity-webhook: a container that has one of its variables, or its mount, is left as it is. */
function eks(pod: Any): void {
  const path = '/var/run/secrets/eks.amazonaws.com/serviceaccount'
  const env = [
    { name: 'AWS_STS_REGIONAL_ENDPOINTS', value: 'regional' },
    { name: 'AWS_ROLE_ARN', value: 'arn:aws:iam::111122223333:role/shop' },
    { name: 'AWS_WEB_IDENTITY_TOKEN_FILE', value: `${path}/token` },
  ]
  const skip = skipped(pod, 'eks.amazonaws.com/skip-containers', ',')
  for (const container of containersOf(pod)) {
    if (skip.includes(container.name) || named(container.volumeMounts, 'aws-iam-token')) continue
    container.env = [...(container.env ?? []), ...env.filter(({ name }) => !named(container.env, name))]
    const mount = { name: 'aws-iam-token', readOnly: true, mountPath: path }
    container.volumeMounts = [...(container.volumeMounts ?? []), mount]
  }
  if (named(pod.spec.volumes, 'aws-iam-token')) return
  pod.spec.volumes = [token('aws-iam-token', 'sts.amazonaws.com', 'token'), ...(pod.spec.volumes ?? [])]
}

/** azure-workload-identity: variable by variable, and the mount. */
function azure(pod: Any): void {
  const path = '/var/run/secrets/azure/tokens'
  const env = [
    { name: 'AZURE_CLIENT_ID', value: '00000000-0000-0000-0000-000000000000' },
    { name: 'AZURE_TENANT_ID', value: '11111111-1111-1111-1111-111111111111' },
    { name: 'AZURE_FEDERATED_TOKEN_FILE', value: `${path}/azure-identity-token` },
    { name: 'AZURE_AUTHORITY_HOST', value: 'https://login.microsoftonline.com/' },
  ]
  const mount = { name: 'azure-identity-token', mountPath: path, readOnly: true }
  const skip = skipped(pod, 'azure.workload.identity/skip-containers', ';')
  for (const container of containersOf(pod)) {
    if (skip.includes(container.name)) continue
    container.env = [...(container.env ?? []), ...env.filter(({ name }) => !named(container.env, name))]
    const others = (container.volumeMounts ?? []).filter(({ name }: Any) => name !== mount.name)
    container.volumeMounts = [...others, mount]
  }
  const volumes = (pod.spec.volumes ?? []).filter(({ name }: Any) => name !== mount.name)
  pod.spec.volumes = [...volumes, token(mount.name, 'api://AzureADTokenExchange', mount.name)]
}

const VAULT_STATUS = 'vault.hashicorp.com/agent-inject-status'

/** vault-k8s with `agent-init-first`: its init container comes before all others, and is asked for once. */
function vault(pod: Any): void {
  const { metadata, spec } = pod
  if (metadata.annotations?.[VAULT_STATUS] === 'injected') return
  const mount = { name: 'vault-secrets', mountPath: '/vault/secrets' }
  for (const container of containersOf(pod)) container.volumeMounts = [...(container.volumeMounts ?? []), mount]
  const agent = { image: 'hashicorp/vault:1.20', command: ['/bin/sh', '-ec'], volumeMounts: [mount] }
  spec.volumes = [...(spec.volumes ?? []), { name: mount.name, emptyDir: { medium: 'Memory' } }]
  spec.initContainers = [{ name: 'vault-agent-init', ...agent }, ...(spec.initContainers ?? [])]
  spec.containers = [...spec.containers, { name: 'vault-agent', ...agent }]
  metadata.annotations = { ...metadata.annotations, [VAULT_STATUS]: 'injected' }
}

/** Istio: HTTP probes go to the proxy, which as a native sidecar comes before all others (inject.go, reorderPod). */
function istio(pod: Any): void {
  const { metadata, spec } = pod
  for (const container of containersOf(pod)) rewriteProbes(container)
  const ours = ['istio-init', 'istio-proxy']
  const image = 'istio/proxyv2:1.27'
  const setUp = { name: 'istio-init', image, args: ['istio-iptables'] }
  const proxy = { name: 'istio-proxy', image, args: ['proxy', 'sidecar'] }
  const inits = (spec.initContainers ?? []).filter(({ name }: Any) => !ours.includes(name))
  const containers = spec.containers.filter(({ name }: Any) => !ours.includes(name))
  spec.initContainers = NATIVE ? [setUp, { ...proxy, restartPolicy: 'Always' }, ...inits] : [...inits, setUp]
  spec.containers = NATIVE ? containers : [...containers, proxy]
  metadata.labels = { ...metadata.labels, 'security.istio.io/tlsMode': 'istio' }
  metadata.annotations = { ...metadata.annotations, 'sidecar.istio.io/status': '{"revision":"default"}' }
}

function rewriteProbes(container: Any): void {
  for (const [member, end] of Object.entries({
    readinessProbe: 'readyz',
    livenessProbe: 'livez',
    startupProbe: 'startupz',
  })) {
    const httpGet = container[member]?.httpGet
    if (httpGet !== undefined) Object.assign(httpGet, { path: `/app-health/${container.name}/${end}`, port: 15020 })
  }
}

/** Rules as people write them for Kyverno and Gatekeeper: labels, a default of `securityContext`, images from a mirror. */
function policy(pod: Any): void {
  pod.metadata.labels = { 'example.com/team': 'unknown', ...pod.metadata.labels }
  for (const container of containersOf(pod)) {
    container.securityContext = { allowPrivilegeEscalation: false, ...container.securityContext }
    const mirror = 'mirror.example/'
    if (!container.image.startsWith(mirror)) container.image = mirror + container.image
    container.imagePullPolicy = 'Always'
  }
}

export const OLD_CLIENT = 'old-client'

/** By the names of their configurations, which are called in alphabetical order. */
export const NEIGHBOURS: Readonly<Record<string, Neighbour>> = {
  eks,
  azure,
  vault,
  istio,
  policy,
  [OLD_CLIENT]: asOldClientWritesIt,
}
