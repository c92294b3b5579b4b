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
import { bounded, MOST_BYTES, TooLarge } from './bounded.ts'

/** An import would read their lazy exports too, and so load a WebSocket client: 12 MiB (agent/kube/http.ts). */
const [http, https] = [process.getBuiltinModule('node:http'), process.getBuiltinModule('node:https')]

export interface KubeApi {
  /**
   * @param accept the media type of the answer, where JSON of the whole object is more than is wanted
   * @throws ApiError with the server's own words, or the connection's error
   */
  call<Answer>(method: Method, path: string, body?: unknown, accept?: string): Promise<Answer>
  /** The lines of a watch, until the server or the signal ends it. */
  events(path: string, signal: AbortSignal, accept?: string): AsyncIterable<WatchEvent>
  /**
   * Milliseconds the server's clock is ahead of this one, by the `Date` of its last answer (RFC 9110, 6.6.1: whole seconds);
   * undefined before the first, and where it sends none.
   */
  clockOffset(): number | undefined
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH'

/** k8s.io/apimachinery, meta/v1 WatchEvent. */
export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'
  readonly object: unknown
}

export class ApiError extends Error {
  override readonly name = 'ApiError'
  /** HTTP status. */
  readonly status: number
  /** Milliseconds the server asks to be left alone for (RFC 9110, `Retry-After` in seconds); 0 where it does not. */
  readonly retryAfter: number

  constructor(method: string, path: string, status: number, message: string, retryAfter = 0) {
    super(`${method} ${path}: ${status} ${message}`)
    this.status = status
    this.retryAfter = retryAfter
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
  let offset: number | undefined
  const ask = async (asked: Asked, signal: AbortSignal): Promise<IncomingMessage> => {
    const response = await open(config, server, asked, signal)
    const date = Date.parse(response.headers.date ?? '')
    if (!Number.isNaN(date)) offset = date - Date.now()
    return response
  }
  return {
    call: (method, path, body, accept) => {
      const asked = { method, path, body, accept: accept ?? JSON_TYPE }
      return read(ask(asked, AbortSignal.timeout(CALL_MS)), asked)
    },
    events: (path, signal, accept = JSON_TYPE) => follow(ask({ method: 'GET', path, accept }, signal), path),
    clockOffset: () => offset,
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

const JSON_TYPE = 'application/json'

interface Asked {
  readonly method: Method
  readonly path: string
  readonly accept: string
  readonly body?: unknown
}

type Opened = Promise<IncomingMessage>

async function open(config: KubeConfig, server: string, asked: Asked, signal: AbortSignal): Opened {
  const { method, path, accept, body } = asked
  const url = new URL(path, server)
  const type = method === 'PATCH' ? 'application/json-patch+json' : JSON_TYPE
  const headers = { accept, ...(body === undefined ? {} : { 'content-type': type }) }
  const options: RequestOptions = { method, headers, signal }
  await config.applyToHTTPSOptions(options)
  const asking = url.protocol === 'http:' ? http.request(url, options) : https.request(url, options)
  asking.end(body === undefined ? undefined : JSON.stringify(body))
  return once(asking, 'response').then(([response]) => response as IncomingMessage)
}

async function read<Answer>(opened: Opened, { method, path }: Asked): Promise<Answer> {
  const response = await opened
  const status = response.statusCode ?? 0
  if (status < 300) return (await json(bounded(response))) as Answer
  // The refusal may come from a proxy, which does not answer in JSON.
  const { message = '' } = await (json(bounded(response)) as Promise<{ message?: string }>).catch(() => ({
    message: '',
  }))
  throw new ApiError(method, path, status, message, retryAfter(response))
}

async function* follow(opened: Opened, path: string): AsyncIterable<WatchEvent> {
  const response = await opened
  if (response.statusCode !== 200) {
    response.resume()
    throw new ApiError('GET', path, response.statusCode ?? 0, 'the watch was refused', retryAfter(response))
  }
  for await (const line of linesOf(response)) yield JSON.parse(line) as WatchEvent
}

/** The form with a date is not one an API server uses. */
function retryAfter({ headers }: IncomingMessage): number {
  const seconds = Number(headers['retry-after'] ?? 0)
  return seconds > 0 ? seconds * 1000 : 0
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
    if (rest.length > MOST_BYTES) throw new TooLarge(`a line of the watch is longer than ${MOST_BYTES} bytes`)
  }
}
