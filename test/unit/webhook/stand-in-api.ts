/**
 * Objects by path over plain HTTP, with versions and conflicts: enough to walk through our own steps. It does not
 * show a real API server's answers.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import fastJsonPatch from 'fast-json-patch'
import type { WatchEvent } from '../../../webhook/kube/answers.ts'
import { connectKube, type KubeApi } from '../../../webhook/kube/client.ts'

interface Stored {
  metadata: { name: string; resourceVersion?: string }
  // biome-ignore lint/suspicious/noExplicitAny: any object that was put there
  [member: string]: any
}

export interface StandIn {
  readonly url: string
  readonly api: KubeApi
  readonly objects: Map<string, Stored>
  /** `METHOD path` of every request but reads. */
  readonly writes: string[]
  /** Its clock, Unix time in ms; sent in its answers. */
  clock(): number
  /** Answers the next requests with these, before anything else; by path where one is given. */
  readonly failures: { readonly status: number; readonly path?: string; readonly headers?: Record<string, string> }[]
  /** `METHOD path?query` of every request. */
  readonly asked: string[]
  /** Watches that are open; `send` writes to all of them, `cut` ends them. */
  send(event: WatchEvent): void
  cut(): void
  close(): void
}

export async function startStandIn(): Promise<StandIn> {
  const objects = new Map<string, Stored>()
  const writes: string[] = []
  const asked: string[] = []
  const failures: StandIn['failures'] = []
  const watches = new Set<ServerResponse>()
  let version = 0
  const put = (path: string, object: Stored) => {
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: `${++version}` } }
    objects.set(path, stored)
    return stored
  }
  const answer = (response: ServerResponse, status: number, body: object) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  const server = createServer(async (request: IncomingMessage, response) => {
    const { pathname: path, searchParams } = new URL(request.url!, 'http://x')
    response.setHeader('date', new Date(standIn.clock()).toUTCString())
    asked.push(`${request.method} ${request.url}`)
    if (request.method !== 'GET') writes.push(`${request.method} ${path}`)
    const place = failures.findIndex((failure) => failure.path === undefined || failure.path === path)
    if (place >= 0) {
      const [failure] = failures.splice(place, 1)
      for (const [name, value] of Object.entries(failure!.headers ?? {})) response.setHeader(name, value)
      return answer(response, failure!.status, { message: 'as the test wants' })
    }
    if (searchParams.get('watch') === 'true') {
      watches.add(response.writeHead(200))
      return response.flushHeaders()
    }
    const found = objects.get(path)
    const body = request.method === 'GET' ? undefined : await json(request)
    if (request.method === 'POST') {
      const at = `${path}/${(body as Stored).metadata.name}`
      return objects.has(at)
        ? answer(response, 409, { message: 'exists' })
        : answer(response, 201, put(at, body as Stored))
    }
    if (found === undefined) return answer(response, 404, { message: 'not found' })
    if (request.method === 'PUT') {
      const given = (body as Stored).metadata.resourceVersion
      if (given !== found.metadata.resourceVersion) return answer(response, 409, { message: 'another version' })
      return answer(response, 200, put(path, body as Stored))
    }
    if (request.method === 'PATCH') {
      const patched = fastJsonPatch.applyPatch(structuredClone(found), body as never, true).newDocument
      return answer(response, 200, put(path, patched))
    }
    return answer(response, 200, found)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const standIn: StandIn = {
    url,
    clock: () => Date.now(),
    failures,
    asked,
    api: (await connectKube({ apiServer: url, apiTokenFile: '/nowhere', apiCaFile: '/nowhere' }))!,
    objects,
    writes,
    send: (event) => {
      for (const watch of watches) watch.write(`${JSON.stringify(event)}\n`)
    },
    cut: () => {
      for (const watch of watches) watch.end()
      watches.clear()
    },
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
  return standIn
}

export const configurationOf = (...names: string[]): Stored => ({
  metadata: { name: 'kernelseal' },
  webhooks: names.map((name) => ({ name, clientConfig: { service: {} } })),
})
