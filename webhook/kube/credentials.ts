/**
 * Where the API server is, and the webhook's credentials for it. @kubernetes/client-node knows when to read them again; it is
 * imported only where there is a server to ask.
 */
import { existsSync } from 'node:fs'
import type { KubeConfig } from '@kubernetes/client-node'

export interface ApiSettings {
  /** `https://host:port`; empty: that of the Pod this runs in. */
  readonly apiServer: string
  readonly apiTokenFile: string
  readonly apiCaFile: string
}

/** The server of the Pod this runs in (Kubernetes: Accessing the API from a Pod); '' outside of one. */
export function ownCluster(): string {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env
  return host === undefined ? '' : `https://${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** The token file is read again each minute: a bound token is exchanged about once an hour. */
export async function credentials(server: string, { apiTokenFile, apiCaFile }: ApiSettings): Promise<KubeConfig> {
  const { KubeConfig: Config } = await import('@kubernetes/client-node')
  const config = new Config()
  const caFile = existsSync(apiCaFile) ? { caFile: apiCaFile } : {}
  const token = existsSync(apiTokenFile)
    ? { authProvider: { name: 'tokenFile', config: { tokenFile: apiTokenFile } } }
    : {}
  // Without TLS there is nothing to verify, and client-node wants that said; with TLS it always verifies.
  const cluster = { name: 'api', server, skipTLSVerify: server.startsWith('http:'), ...caFile }
  config.loadFromClusterAndUser(cluster, { name: 'webhook', ...token })
  return config
}
