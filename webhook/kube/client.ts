/**
 * The few calls to the API server this needs, as plain HTTPS. @kubernetes/client-node would cost 50 MB of resident memory
 * and 1.9 s of start-up (measured), and its typed objects drop fields they do not know.
 */
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { type IncomingMessage, request as plainRequest } from 'node:http'
import { request as tlsRequest } from 'node:https'
import { json } from 'node:stream/consumers'

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
export function connectKube({ apiServer, apiTokenFile, apiCaFile }: ApiSettings): KubeApi | undefined {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env
  const inCluster = host === undefined ? '' : `https://${host.includes(':') ? `[${host}]` : host}:${port}`
  const base = apiServer || inCluster
  if (base === '') return undefined
  // Both are read for every request: a bound token is exchanged about once an hour.
  const credentials = () => ({ token: readIfThere(apiTokenFile), ca: readIfThere(apiCaFile) })
  return {
    call: (method, path, body) =>
      call(open(base, credentials(), method, path, AbortSignal.timeout(CALL_MS), body), method, path),
    events: (path, signal) => follow(open(base, credentials(), 'GET', path, signal), path),
  }
}

/** Longer than any answer to these calls takes; shorter than a rollout waits. */
const CALL_MS = 10_000

const readIfThere = (path: string): string | undefined =>
  existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined

type Opened = Promise<IncomingMessage>

function open(
  base: string,
  { token, ca }: { readonly token: string | undefined; readonly ca: string | undefined },
  method: string,
  path: string,
  signal: AbortSignal,
  body?: unknown,
): Opened {
  const url = new URL(path, base)
  const headers = {
    accept: 'application/json',
    ...(body === undefined
      ? {}
      : { 'content-type': method === 'PATCH' ? 'application/json-patch+json' : 'application/json' }),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  }
  const options = { method, headers, signal, ...(ca === undefined ? {} : { ca }) }
  const asking = url.protocol === 'http:' ? plainRequest(url, options) : tlsRequest(url, options)
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
