/** The Pod of this sidecar, from the downward API (webhook/mutate/sidecar/sidecar.ts), and the address of its API server. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** Where the kubelet mounts the service account (kubernetes.io, Accessing the API from a Pod). */
const ACCOUNT_DIR = '/var/run/secrets/kubernetes.io/serviceaccount'

export interface OwnPod {
  readonly name: string
  readonly namespace: string
  readonly uid: string
  /** `https://host:port` */
  readonly server: string
  /** Read again for each call: the kubelet exchanges the token about once an hour. */
  readonly tokenFile: string
  readonly caFile: string
}

/** @returns why not, where there is no such Pod, server or account: a sentence */
export function ownPod(env: NodeJS.ProcessEnv = process.env, account = ACCOUNT_DIR): OwnPod | string {
  const { POD_NAME: name, POD_NAMESPACE: namespace, POD_UID: uid } = env
  if (!name || !namespace || !uid) return 'POD_NAME, POD_NAMESPACE and POD_UID are not set'
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = env
  if (!host || !port) return 'KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set'
  const tokenFile = join(account, 'token')
  if (!existsSync(tokenFile)) return 'the Pod mounts no service account token'
  const server = `https://${host.includes(':') ? `[${host}]` : host}:${port}`
  return { name, namespace, uid, server, tokenFile, caFile: join(account, 'ca.crt') }
}
