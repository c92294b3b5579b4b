/** The paths of the webhook, the callers that may ask, and the way of a review to its answer. */
import type { TLSSocket } from 'node:tls'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Door } from '../budget/door.ts'
import { openTurnstile, type Turnstile } from '../budget/turnstile.ts'
import type { Body } from '../review/body.ts'
import { answerTo, JOURNEYS, type Journey, type JourneyDeps } from '../review/endpoints.ts'
import { logAnswer } from './answer-log.ts'
import { holdAnswer, overloaded } from './intake.ts'
import { boundLines } from './lines.ts'
import type { Log } from './log.ts'
import type { Metrics } from './metrics.ts'

export interface RouteDeps extends JourneyDeps {
  readonly metrics: Metrics
  readonly log: Log
  /** Whether to send requests here: false while draining. */
  ready(): boolean
  /** Common names of the clients that may ask, empty for any with a certificate; absent: all clients may. */
  readonly callers?: readonly string[]
}

/** The log for lines about a request. */
type Lined = RouteDeps & { readonly logOf: (request: FastifyRequest) => Log }
type Shares = Pick<Door, 'served' | 'countedAs'>

export function addRoutes(app: FastifyInstance, given: RouteDeps, door: Shares): void {
  const linesOf = boundLines(given.log, given.metrics.lineHeldBack)
  const logOf = ({ ip }: FastifyRequest): Log => linesOf(door.countedAs(ip))
  const deps = { ...given, logOf, turnstile: openTurnstile() }
  const onRequest = given.callers === undefined ? [] : admitCaller(deps, given.callers)
  for (const [path, journey] of Object.entries(JOURNEYS)) {
    app.post(path, { onRequest }, (request, reply) => answer(request, reply, journey, deps, door))
  }
  app.get('/healthz', () => ({ status: 'ok' }))
  app.get('/readyz', (_request, reply) => {
    const ready = deps.ready()
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'draining' })
  })
}

/** The API server shows the certificate of its `--admission-control-config-file` (kubernetes.io, Authenticate API servers). */
function admitCaller({ logOf, metrics }: Lined, callers: readonly string[]) {
  return async (request: FastifyRequest, reply: FastifyReply) => {
    const socket = request.raw.socket as TLSSocket
    const name = socket.authorized ? socket.getPeerCertificate().subject?.CN : undefined
    const known = Array.isArray(name) ? name[0] : name
    if (known !== undefined && (callers.length === 0 || callers.includes(known))) return
    const log = logOf(request)
    log.warn({ name: known, why: String(socket.authorizationError ?? 'not in the list of names') }, 'caller refused')
    metrics.refused('unknown-caller')
    // The body is not read.
    reply.header('connection', 'close')
    await reply.code(401).send({ error: 'only API servers may ask, and show it by a client certificate' })
  }
}

async function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  journey: Journey,
  deps: Lined & { readonly turnstile: Turnstile },
  door: Shares,
): Promise<FastifyReply> {
  const body = request.body as Body | undefined
  let start = 0
  const answered = await deps.turnstile.decide(door.countedAs(request.ip), () => {
    start = performance.now()
    // Its connection may have been given up while it waited.
    return request.raw.socket.destroyed ? undefined : answerTo(body, journey, deps)
  })
  if (answered === undefined) return reply
  const log = deps.logOf(request)
  if (answered.kind === 'unanswerable') {
    log.warn({ problem: answered.problem }, 'request without uid refused')
    return reply.code(body?.kind === 'oversized' ? 413 : 400).send({ error: answered.problem })
  }
  deps.metrics.admission(answered.outcome, (performance.now() - start) / 1000)
  logAnswer(answered, log)
  // While draining, the client shall look for another replica, and not hold a connection that is closed at the end.
  const last = (body?.kind === 'oversized' && !body.drained) || !deps.ready()
  if (last) reply.header('connection', 'close')
  if (!holdAnswer(request, answered.text)) return overloaded(reply)
  door.served(request.raw)
  return reply.type('application/json').send(answered.text)
}
