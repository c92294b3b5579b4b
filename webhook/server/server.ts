/** The webhook's two servers: admission over TLS, metrics in the clear on a port of its own. */
import {
  createServer as createPlain,
  type Server as HttpServer,
  type RequestListener,
  setMaxIdleHTTPParsers,
} from 'node:http'
import { createServer } from 'node:https'
import type { TlsOptions } from 'node:tls'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { onceASecond } from '../../agent/status-port/cached.ts'
import { openStatusPort, type Page, type StatusPort } from '../../agent/status-port/status-port.ts'
import { ArrivingMessage } from '../budget/arrivals.ts'
import { byteBudget } from '../budget/bytes.ts'
import { type Door, openDoor } from '../budget/door.ts'
import { giveBack } from '../budget/give-back.ts'
import { type Limits, limitsFor, SHIPPED_LIMIT } from '../budget/limits.ts'
import { BODY_LIMIT } from '../review/body.ts'
import { countBytes, REQUEST_TIMEOUT } from './intake.ts'
import type { Metrics } from './metrics.ts'
import { addRoutes, type RouteDeps } from './routes.ts'

export interface ServerDeps extends RouteDeps {
  /** Absent: plain HTTP, for tests. */
  readonly tls?: TlsOptions
  /** Absent: those of the memory that deploy/base gives. */
  readonly limits?: Limits
}

/**
 * Milliseconds a connection stays open without a request. Longer than the API server's 90 s (IdleConnTimeout of Go's default
 * transport), so that it is always the client that closes, and no request is sent into a closing connection.
 * That holds for new connections too: Go opens one for each request that waits, keeps those it did not need after all,
 * and uses them later. Node counts the time until their first request as that of slow headers, and answers 408.
 */
const IDLE_TIMEOUT = 120_000
/** Node lets a handshake take 120 s, and gives headers 60 s at most, unless told otherwise. */
const TLS_TIMEOUTS = { headersTimeout: IDLE_TIMEOUT, handshakeTimeout: REQUEST_TIMEOUT }

/** No API server sends longer heads: its own has a few hundred bytes. */
const HEAD_LIMIT = 8 * 1024

/**
 * Parsers that wait for a connection. Node keeps a thousand, of 10 KB each, which after a flood hold the memory between them as well: 3 MB
 * and 10 more of holes. An API server's connections are few and last.
 */
const IDLE_PARSERS = 8

/** `app` answers, `door` listens, and lets connections in. */
export interface Front {
  readonly app: FastifyInstance
  readonly door: Door
}

export function buildServer(deps: ServerDeps): Front {
  setMaxIdleHTTPParsers(IDLE_PARSERS)
  const limits = deps.limits ?? limitsFor(SHIPPED_LIMIT)
  const { refused } = deps.metrics
  let door: Door | undefined
  let opened: RequestListener<typeof ArrivingMessage> | undefined
  const app = fastify({
    // Ours is kept by `openBody`, which answers in the protocol; this one is for all other routes.
    bodyLimit: BODY_LIMIT,
    // While draining, requests on open connections are still answered: a 503 would refuse a Pod.
    return503OnClosing: false,
    logger: false,
    serverFactory: (handler) => {
      const server = openServer(deps.tls, (request, response) => {
        if (door?.admits(request, response) === false) return
        opened?.(request, response)
        handler(request, response)
      })
      // Fastify answers them. A client that has gone is no refusal, nor is a connection that was never used.
      server.on('clientError', ({ code = '' }: NodeJS.ErrnoException) => {
        if (code.startsWith('HPE_')) refused('unreadable')
      })
      door = openDoor(server, limits, refused, deps.tls !== undefined)
      return server
    },
  })
  const bytes = byteBudget(limits.bytes)
  app.addHook('onRequest', needHost)
  app.addHook('onRequest', (request, reply) => needNoBody(request, reply, door!))
  app.removeAllContentTypeParsers()
  opened = countBytes(app, bytes, door!)
  addRoutes(app, deps, door!)
  const stop = giveBack(bytes, limits.bytes)
  app.addHook('onClose', async () => stop())
  deps.metrics.budget(limits, () => ({ ...door!.used(), bytes: bytes.used() }))
  return { app, door: door! }
}

/**
 * Node itself would answer heads with an unknown `Expect`, and those of HTTP/1.1 without a `Host`: before the door has seen them,
 * thousands in one go, and without end for a client that reads none of the answers.
 */
function openServer(tls: TlsOptions | undefined, listener: RequestListener<typeof ArrivingMessage>): HttpServer {
  const options = {
    keepAliveTimeout: IDLE_TIMEOUT,
    requestTimeout: IDLE_TIMEOUT,
    maxHeaderSize: HEAD_LIMIT,
    requireHostHeader: false,
    IncomingMessage: ArrivingMessage,
    ...TLS_TIMEOUTS,
  }
  const server = tls === undefined ? createPlain(options, listener) : createServer({ ...options, ...tls }, listener)
  return server.on('checkExpectation', listener)
}

/** RFC 9112, 3.2. */
async function needHost({ raw }: FastifyRequest, reply: FastifyReply): Promise<void> {
  if (raw.httpVersion !== '1.1' || raw.headers.host !== undefined) return
  reply.header('connection', 'close')
  await reply.code(400).send({ error: 'a request of HTTP/1.1 names its host' })
}

/** Only reviews have one. */
async function needNoBody({ raw }: FastifyRequest, reply: FastifyReply, door: Door): Promise<void> {
  const { 'content-length': length = '0', 'transfer-encoding': coding } = raw.headers
  if (raw.method === 'POST' || (length === '0' && coding === undefined)) return
  reply.raw.once('close', () => door.giveUp(raw, 'unasked-body'))
  reply.header('connection', 'close')
  await reply.code(400).send({ error: `a request by ${raw.method} takes no body here; send it without one` })
}

/** Plain HTTP, because Prometheus reads it; it shows counts and nothing else. */
export function openMetricsPort(host: string, port: number, { registry, portClosed }: Metrics): Promise<StatusPort> {
  const metrics = onceASecond(() => registry.metrics())
  const pages = async (path: string): Promise<Page> =>
    path === '/metrics'
      ? { status: 200, body: await metrics(), type: registry.contentType }
      : { status: 404, body: 'try /metrics\n' }
  return openStatusPort(host, port, pages, portClosed)
}
