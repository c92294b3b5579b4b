/**
 * The few calls to the API server this needs. Bodies stay JSON as the server sent it: @kubernetes/client-node, which has the
 * credentials (credentials.ts), drops the fields that its typed objects do not know.
 */
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { RequestOptions } from 'node:https'
import type { KubeConfig } from '@kubernetes/client-node'
import { follow, type Opened, read, readText, type WatchEvent } from './answers.ts'
import { type ApiSettings, credentials, ownCluster } from './credentials.ts'

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

/** @returns undefined outside a cluster, when no server was named */
export async function connectKube(settings: ApiSettings): Promise<KubeApi | undefined> {
  const server = settings.apiServer || ownCluster()
  if (server === '') return undefined
  return apiOf(await credentials(server, settings), server)
}

/** Answers that are no JSON: logs, and a Pod's port by the API server's proxy. */
export interface KubeText {
  /** @throws as `call` */
  text(path: string): Promise<string>
}

export function apiOf(config: KubeConfig, server: string): KubeApi & KubeText {
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
      return read(ask(asked, AbortSignal.timeout(CALL_MS)), method, path)
    },
    text: (path) => readText(ask({ method: 'GET', path, accept: '*/*' }, AbortSignal.timeout(CALL_MS)), path),
    events: (path, signal, accept = JSON_TYPE) => follow(ask({ method: 'GET', path, accept }, signal), path),
    clockOffset: () => offset,
  }
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

async function open(config: KubeConfig, server: string, asked: Asked, signal: AbortSignal): Opened {
  const { method, path, accept, body } = asked
  // Behind a gateway the server's address may end in a path of its own.
  const url = new URL(server.replace(/\/+$/, '') + path)
  const type = method === 'PATCH' ? 'application/json-patch+json' : JSON_TYPE
  const headers = { accept, ...(body === undefined ? {} : { 'content-type': type }) }
  const options: RequestOptions = { method, headers, signal }
  await config.applyToHTTPSOptions(options)
  const asking = url.protocol === 'http:' ? http.request(url, options) : https.request(url, options)
  asking.end(body === undefined ? undefined : JSON.stringify(body))
  return once(asking, 'response').then(([response]) => response as IncomingMessage)
}
