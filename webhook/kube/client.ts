/**
 * The few calls to the API server this needs. @kubernetes/client-node knows the cluster, the credentials and when to read
 * them again; bodies stay JSON as the server sent it, since its typed objects drop the fields they do not know. It is
 * imported only where there is a server to ask.
 */
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import type { RequestOptions } from 'node:https'
import { json } from 'node:stream/consumers'
import type { KubeConfig } from '@kubernetes/client-node'

/** An import would read their lazy exports too, and so load a WebSocket client: 12 MiB (agent/kube/http.ts). */
const [http, https] = [process.getBuiltinModule('node:http'), process.getBuiltinModule('node:https')]

export interface KubeApi {
  /** @throws ApiError with the server's own words, or what the connection says */
  call<Answer>(method: 'GET' | 'POST' | 'PUT' | 'PATCH', path: string, body?: unknown): Promise<Answer>
  /** The lines of a watch, until the server or the signal ends it. */
  events(path: string, signal: AbortSignal): AsyncIterable<WatchEvent>
}

/** k8s.io/apimachinery, meta/v1 WatchEvent. */
export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'
  readonly object: unknown
}

export class ApiError extends Error {
  override readonly name = 'ApiError'
  /** HTTP status. */
  readonly status: number

  constructor(method: string, path: string, status: number, message: string) {
    super(`${method} ${path}: ${status} ${message}`)
    this.status = status
  }
}

export interface ApiSettings {
  /** `https://host:port`; empty: that of the Pod this runs in. */
  readonly apiServer: string
  readonly apiTokenFile: string
  readonly apiCaFile: string
}

/** @returns undefined outside a cluster, when no server was named */
export async function connectKube(settings: ApiSettings): Promise<KubeApi | undefined> {
  const server = settings.apiServer || ownCluster()
  if (server === '') return undefined
  const config = await credentials(server, settings)
  return {
    call: (method, path, body) =>
      call(open(config, server, method, path, AbortSignal.timeout(CALL_MS), body), method, path),
    events: (path, signal) => follow(open(config, server, 'GET', path, signal), path),
  }
}

/** The server of the Pod this runs in (Kubernetes: Accessing the API from a Pod); '' outside of one. */
function ownCluster(): string {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env
  return host === undefined ? '' : `https://${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** The token file is read again each minute: a bound token is exchanged about once an hour. */
async function credentials(server: string, { apiTokenFile, apiCaFile }: ApiSettings): Promise<KubeConfig> {
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

/** Longer than any answer to these calls takes; shorter than a rollout waits. */
const CALL_MS = 10_000

type Opened = Promise<IncomingMessage>

async function open(
  config: KubeConfig,
  server: string,
  method: string,
  path: string,
  signal: AbortSignal,
  body?: unknown,
): Opened {
  const url = new URL(path, server)
  const type = method === 'PATCH' ? 'application/json-patch+json' : 'application/json'
  const headers = { accept: 'application/json', ...(body === undefined ? {} : { 'content-type': type }) }
  const options: RequestOptions = { method, headers, signal }
  await config.applyToHTTPSOptions(options)
  const asking = url.protocol === 'http:' ? http.request(url, options) : https.request(url, options)
  asking.end(body === undefined ? undefined : JSON.stringify(body))
  return once(asking, 'response').then(([response]) => response as IncomingMessage)
}

async function call<Answer>(opened: Opened, method: string, path: string): Promise<Answer> {
  const response = await opened
  const answer = await json(response)
  if (response.statusCode !== undefined && response.statusCode < 300) return answer as Answer
  throw new ApiError(method, path, response.statusCode ?? 0, (answer as { message?: string }).message ?? '')
}

async function* follow(opened: Opened, path: string): AsyncIterable<WatchEvent> {
  const response = await opened
  if (response.statusCode !== 200) {
    response.resume()
    throw new ApiError('GET', path, response.statusCode ?? 0, 'the watch was refused')
  }
  for await (const line of linesOf(response)) yield JSON.parse(line) as WatchEvent
}

/** Not node:readline, which loses the error of a connection that breaks. */
async function* linesOf(stream: AsyncIterable<Buffer>): AsyncIterable<string> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of stream) {
    rest = Buffer.concat([rest, chunk])
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      if (end > 0) yield rest.subarray(0, end).toString('utf8')
      rest = rest.subarray(end + 1)
    }
  }
}
