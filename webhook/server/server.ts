/** The webhook's two servers: admission over TLS, metrics in the clear on a port of its own. */
import { createServer as createPlain, type Server as HttpServer, type RequestListener } from 'node:http'
import { createServer } from 'node:https'
import type { TLSSocket, TlsOptions } from 'node:tls'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { onceASecond } from '../../agent/status-port/cached.ts'
import { openStatusPort, type StatusPort } from '../../agent/status-port/status-port.ts'
import { byteBudget } from '../budget/bytes.ts'
import { type Door, openDoor } from '../budget/door.ts'
import { giveBack } from '../budget/give-back.ts'
import { type Limits, limitsFor, SHIPPED_LIMIT } from '../budget/limits.ts'
import { openTurnstile, type Turnstile } from '../budget/turnstile.ts'
import { BODY_LIMIT, type Body } from '../review/body.ts'
import { answerTo, JOURNEYS, type Journey, type JourneyDeps } from '../review/endpoints.ts'
import { logAnswer } from './answer-log.ts'
import { countBytes, holdAnswer, overloaded, REQUEST_TIMEOUT } from './intake.ts'
import type { Metrics } from './metrics.ts'

/** The part of a pino logger that is used here. */
export interface Log {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export interface ServerDeps extends JourneyDeps {
  readonly metrics: Metrics
  readonly log: Log
  /** Whether to send requests here: false while draining. */
  ready(): boolean
  /** Absent: plain HTTP, for tests. */
  readonly tls?: TlsOptions
  /** Absent: those of the memory that deploy/base gives. */
  readonly limits?: Limits
  /** Common names of the clients that may ask, empty for any with a certificate; absent: all clients may. */
  readonly callers?: readonly string[]
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

/** `app` answers, `door` listens, and lets connections in. */
export interface Front {
  readonly app: FastifyInstance
  readonly door: Door
}

export function buildServer(deps: ServerDeps): Front {
  const limits = deps.limits ?? limitsFor(SHIPPED_LIMIT)
  const { refused } = deps.metrics
  let door: Door | undefined
  const app = fastify({
    // Ours is kept by `readBody`, which answers in the protocol; this one is for all other routes.
    bodyLimit: BODY_LIMIT,
    // While draining, requests on open connections are still answered: a 503 would refuse a Pod.
    return503OnClosing: false,
    logger: false,
    serverFactory: (handler) => {
      const server = openServer(deps.tls, (request, response) => {
        if (door?.admits(request, response) !== false) handler(request, response)
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
  app.removeAllContentTypeParsers()
  countBytes(app, bytes, (request) => door?.giveUp(request, 'too-many-bytes'))
  addRoutes(app, deps, (request) => door?.served(request.raw))
  const stop = giveBack(bytes, limits.bytes)
  app.addHook('onClose', async () => stop())
  deps.metrics.budget(limits, () => ({ ...door!.used(), bytes: bytes.used() }))
  return { app, door: door! }
}

/**
 * Node itself would answer heads with an unknown `Expect`, and those of HTTP/1.1 without a `Host`: before the door has seen them,
 * thousands in one go, and without end for a client that reads none of the answers.
 */
function openServer(tls: TlsOptions | undefined, listener: RequestListener): HttpServer {
  const options = {
    keepAliveTimeout: IDLE_TIMEOUT,
    requestTimeout: IDLE_TIMEOUT,
    maxHeaderSize: HEAD_LIMIT,
    requireHostHeader: false,
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

function addRoutes(app: FastifyInstance, given: ServerDeps, served: (request: FastifyRequest) => void): void {
  const deps = { ...given, turnstile: openTurnstile() }
  for (const [path, journey] of Object.entries(JOURNEYS)) {
    app.post(path, { onRequest: admitCaller(deps) }, (request, reply) => answer(request, reply, journey, deps, served))
  }
  app.get('/healthz', () => ({ status: 'ok' }))
  app.get('/readyz', (_request, reply) => {
    const ready = deps.ready()
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'draining' })
  })
}

/** The API server shows the certificate of its `--admission-control-config-file` (kubernetes.io, Authenticate API servers). */
function admitCaller({ callers, log, metrics }: ServerDeps) {
  return async (request: FastifyRequest, reply: FastifyReply) => {
    if (callers === undefined) return
    const socket = request.raw.socket as TLSSocket
    const name = socket.authorized ? socket.getPeerCertificate().subject?.CN : undefined
    const known = Array.isArray(name) ? name[0] : name
    if (known !== undefined && (callers.length === 0 || callers.includes(known))) return
    log.warn({ name: known, why: String(socket.authorizationError ?? 'not in the list of names') }, 'caller refused')
    metrics.refused('unknown-caller')
    // The body is not read.
    reply.header('connection', 'close')
    await reply.code(401).send({ error: 'only API servers may ask, and show it by a client certificate' })
  }
}

/** Plain HTTP, because Prometheus reads it; it shows counts and nothing else. */
export function openMetricsPort(host: string, port: number, { registry }: Metrics): Promise<StatusPort> {
  const metrics = onceASecond(() => registry.metrics())
  return openStatusPort(host, port, async (path) =>
    path === '/metrics'
      ? { status: 200, body: await metrics(), type: registry.contentType }
      : { status: 404, body: 'try /metrics\n' },
  )
}

async function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  journey: Journey,
  deps: ServerDeps & { readonly turnstile: Turnstile },
  served: (request: FastifyRequest) => void,
): Promise<FastifyReply> {
  const body = request.body as Body | undefined
  let start = 0
  const answered = await deps.turnstile.decide(request.ip, () => {
    start = performance.now()
    // Its connection may have been given up while it waited.
    return request.raw.socket.destroyed ? undefined : answerTo(body, journey, deps)
  })
  if (answered === undefined) return reply
  if (answered.kind === 'unanswerable') {
    deps.log.warn({ problem: answered.problem }, 'request without uid refused')
    return reply.code(body?.kind === 'oversized' ? 413 : 400).send({ error: answered.problem })
  }
  deps.metrics.admission(answered.outcome, (performance.now() - start) / 1000)
  logAnswer(answered, deps.log)
  // While draining, the client shall look for another replica, and not hold a connection that is closed at the end.
  const last = (body?.kind === 'oversized' && !body.drained) || !deps.ready()
  if (last) reply.header('connection', 'close')
  if (!holdAnswer(request, answered.text)) return overloaded(reply)
  served(request)
  return reply.type('application/json').send(answered.text)
}
