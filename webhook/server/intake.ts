/** Bodies and answers within the bytes in flight, and within the time a request has. */
import type { IncomingMessage, RequestListener } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { ArrivingMessage, PIECE_OVERHEAD, sizeOfPieces } from '../budget/arrivals.ts'
import type { ByteBudget, Hold } from '../budget/bytes.ts'
import type { Door } from '../budget/door.ts'
import { openPace, PIECE } from '../budget/pace.ts'
import { BODY_LIMIT, type Body, openBody } from '../review/body.ts'

/** The API server gives a webhook 10 s at most by default and 5 s by our configuration: a later answer is not read. */
export const REQUEST_TIMEOUT = 5_000

const holds = new WeakMap<IncomingMessage, Hold>()

class Overloaded extends Error {
  readonly statusCode = 429
}

/**
 * Bodies of any route are counted, by the length they are announced with and by the pieces that arrive, and read as `Body`. A body beyond
 * the limit is refused before it is read: to decrypt 7 MB takes as long as a hundred reviews.
 * @returns to be called with each request, before any of its body arrives
 */
export function countBytes(
  app: FastifyInstance,
  budget: ByteBudget,
  door: Pick<Door, 'countedAs' | 'giveUp'>,
): RequestListener<typeof ArrivingMessage> {
  const pace = openPace()
  const giveUp = (request: IncomingMessage): void => door.giveUp(request, 'too-many-bytes')
  app.addHook('onRequest', async ({ raw }, reply) => {
    if (holds.get(raw)?.take(announced(raw)) !== false) return
    reply.raw.once('close', () => giveUp(raw))
    await overloaded(reply)
  })
  // For every content type: the body is JSON or it is refused as not being JSON.
  app.addContentTypeParser('*', (request: FastifyRequest, payload: IncomingMessage) =>
    readInTime(payload, () => pace(door.countedAs(request.ip))),
  )
  app.setErrorHandler((error: Error & { statusCode?: number }, { raw }, reply) => {
    // Once the answer is on its way, or is not taken.
    if (error instanceof Overloaded) reply.raw.once('close', () => giveUp(raw))
    return refuse(error, reply)
  })
  return (request, response) => {
    const hold = budget.open(door.countedAs(request.socket.remoteAddress ?? ''), () => giveUp(request))
    holds.set(request, hold)
    response.once('close', () => hold.release())
    const [isLarge, fits] = [sizeOfPieces(), counter(hold, announced(request))]
    request.arrived = (bytes) => {
      if (isLarge(bytes)) return fits(bytes)
      door.giveUp(request, 'small-pieces')
      return false
    }
  }
}

/** Bytes that will be kept; 0 where none are announced (chunked). */
function announced({ headers }: IncomingMessage): number {
  const length = Number(headers['content-length'] ?? 0)
  return Number.isSafeInteger(length) ? Math.min(length, BODY_LIMIT) : 0
}

/** @returns false where the answer is more than may be held; it is refused then */
export function holdAnswer({ raw }: FastifyRequest, text: string): boolean {
  return holds.get(raw)?.take(text.length) ?? true
}

export function overloaded(reply: FastifyReply): FastifyReply {
  return refuse(new Overloaded('more is being asked at once than this replica has memory for'), reply)
}

function refuse(error: Error & { statusCode?: number }, reply: FastifyReply): FastifyReply {
  const status = error.statusCode ?? 500
  // The rest of the body is not read: the connection cannot be used again.
  reply.header('connection', 'close')
  if (status === 429) reply.header('retry-after', '1')
  return reply.code(status).send({ error: status < 500 ? error.message : 'internal error' })
}

/** A body that comes too slowly is cut off with its connection. */
function readInTime(payload: IncomingMessage, pace: () => Promise<void>): Promise<Body> {
  const late = setTimeout(() => payload.destroy(new Error('the body came too slowly')), REQUEST_TIMEOUT)
  return read(payload, pace).finally(() => clearTimeout(late))
}

/** By events and not by an iterator, which costs more than the decision on an ordinary Pod. */
function read(payload: IncomingMessage, pace: () => Promise<void>): Promise<Body> {
  let collector = openBody()
  let piece = 0
  const { promise, resolve, reject } = Promise.withResolvers<Body>()
  const take = (chunk: Buffer): void => {
    if (!collector.add(chunk)) stop(() => resolve(collector.body()))
    else waitAfterPiece(chunk.length)
  }
  const waitAfterPiece = (bytes: number): void => {
    piece += bytes
    if (piece < PIECE) return
    piece = 0
    payload.pause()
    void pace().then(() => payload.resume())
  }
  // Not destroyed: the answer goes over the same connection.
  const stop = (settle: () => void): void => {
    payload.off('data', take).pause()
    settle()
  }
  const refuseRest = (): void => {
    stop(() => reject(new Overloaded('too many bytes in flight')))
    // Its bytes are no longer counted, so they are not kept until the client has its answer.
    collector = openBody()
    payload.resume()
  }
  payload.on('data', take)
  if (payload instanceof ArrivingMessage && payload.cut) refuseRest()
  payload.once('cut', refuseRest)
  payload.once('end', () => resolve(collector.body()))
  payload.once('error', reject)
  payload.once('close', () => reject(new Error('the connection ended before the body')))
  return promise
}

/**
 * @param left bytes that are counted already. Beyond the largest body nothing is kept, and nothing counted.
 * @returns whether there is room for one more piece, which is counted then
 */
function counter(hold: Hold, left: number): (bytes: number) => boolean {
  let length = 0
  let credit = left
  return (bytes) => {
    length += bytes
    const isNew = Math.max(0, bytes - credit)
    credit -= bytes - isNew
    return hold.take(length <= BODY_LIMIT ? isNew + PIECE_OVERHEAD : 0)
  }
}
