/**
 * Connections on their way in: accepted and left alone (queue.ts), then in their handshake, then open (rooms.ts). Each room is bounded,
 * and when one is full the address with most in it gives way, so that a flood closes its own connections first, and not an API
 * server's.
 */
import type { Server as HttpServer, IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server, type Socket } from 'node:net'
import { openNeighbours } from '../../agent/status-port/neighbours.ts'
import { Fair } from './fair.ts'
import type { Limits } from './limits.ts'
import { openQueue } from './queue.ts'
import { openRates } from './rates.ts'
import type { Refusal } from './refusals.ts'
import { admitRequest, REQUEST_MS } from './requests.ts'
import { openRooms } from './rooms.ts'
import type { Visitor } from './visitor.ts'

export interface Door {
  /** To listen with. Not listening yet. */
  readonly server: Server
  /** To listen with at the same address and port: each accepts one connection in a turn of the event loop (libuv, uv__server_io). */
  readonly others: readonly Server[]
  /** Before anything else looks at a request. @returns false where it is not to be answered */
  readonly admits: (request: IncomingMessage, response: ServerResponse) => boolean
  /** A review was answered: its connection is one of the last to be closed for a newer one. */
  readonly served: (request: IncomingMessage) => void
  /** The name under which an address has its share, here and wherever shares are by address. */
  readonly countedAs: (address: string) => string
  /** Closes the connection of a request. */
  readonly giveUp: (request: IncomingMessage, why: Refusal) => void
  readonly used: () => Readonly<Record<'connections' | 'untried' | 'handshakes' | 'waiting', number>>
  /** Closes connections without a request in progress now, and the rest after `ms`. No new ones come in. */
  readonly close: (ms: number) => void
  /** Once it is closed and no connection is left. */
  readonly gone: Promise<unknown>
}

/** Refusals that an API server never causes. */
const PENALISED: ReadonlySet<Refusal> = new Set([
  'slow-request',
  'slow-reader',
  'pipelined',
  'too-many-bytes',
  'small-pieces',
  'unasked-body',
])

/**
 * Connections that may be accepted in a turn. With one, those of a flood of 3,400 stood before a newcomer for thousands of turns, which
 * under expensive reviews were more than the five seconds that an API server waits. Sixteen accepted and dropped take a millisecond.
 */
const LISTENERS = 16

export function openDoor(inner: HttpServer, limits: Limits, refused: (why: Refusal) => void, isTls: boolean): Door {
  const rates = openRates()
  const countedAs = openNeighbours()
  const addressOf = ({ remoteAddress = '' }: Socket): string => countedAs(remoteAddress)
  const rooms = openRooms(limits, isTls ? 'handshake' : 'open', addressOf, drop)
  const waiting = new Fair<Socket>()
  const bounds = { most: limits.waiting, patience: REQUEST_MS }
  const queue = openQueue(waiting, bounds, addressOf, rates.admits, enter, drop)
  let closed = false
  const servers = Array.from({ length: LISTENERS }, listener)
  const [server, ...others] = servers as [Server, ...Server[]]
  if (isTls) {
    inner.on('secureConnection', (socket) => {
      neverPause(socket)
      rooms.greeted(socket)
    })
  }
  inner.on('tlsClientError', () => refused('handshake'))
  const gone = Promise.all(servers.map((one) => new Promise((resolve) => one.once('close', resolve))))
  const used = () => ({ ...rooms.used(), waiting: waiting.size })
  return { server, others, admits, served, countedAs, giveUp, used, close, gone }

  function listener(): Server {
    // Paused: nothing is read for a connection that has not come in.
    const one = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
      socket.on('error', () => {})
      if (closed) socket.destroy()
      else queue.add(socket)
    })
    // Of one connection alone, while it listens (net.js, onconnection): without a listener it would end the process.
    return one.on('error', () => {
      if (one.listening) refused('not-accepted')
    })
  }

  function enter(socket: Socket): void {
    if (!rooms.enter(socket)) return
    inner.emit('connection', socket)
    if (!isTls) socket.resume()
  }

  function drop(socket: Socket | undefined, why: Refusal): void {
    // What was closed already is counted, and paid for.
    if (socket === undefined || socket.destroyed) return
    refused(why)
    if (PENALISED.has(why)) rates.penalise(addressOf(socket))
    socket.destroy()
  }

  function admits(request: IncomingMessage, response: ServerResponse): boolean {
    const visitor = rooms.find(request.socket)
    // Injected by a test, without a connection.
    return visitor === undefined || admitRequest(visitor, request, response, drop, idle)
  }

  function idle({ socket }: Visitor): void {
    if (closed) socket.destroySoon()
  }

  function served({ socket }: IncomingMessage): void {
    const visitor = rooms.find(socket)
    if (visitor === undefined) return
    visitor.worth = 2
    rates.trust(visitor.address)
  }

  function giveUp({ socket }: IncomingMessage, why: Refusal): void {
    drop(rooms.find(socket)?.socket, why)
  }

  function close(ms: number): void {
    closed = true
    // One that never listened is closed with an error, and says so all the same.
    for (const one of servers) one.close()
    for (let socket = waiting.oldest(); socket !== undefined; socket = waiting.oldest()) socket.destroy()
    for (const { socket, pending } of rooms.all()) if (pending === 0) socket.destroy()
    setTimeout(() => {
      for (const { socket } of rooms.all()) socket.destroy()
    }, ms).unref()
  }
}

/** Above the largest answer (patch and review of a body of 7 MiB, in base64). */
const LARGEST_ANSWER = 32 << 20

/**
 * Node's HTTP server pauses a connection whose next request comes while an answer above the high-water mark is not yet known to be
 * written (parserOnIncoming, lib/_http_server.js). TLS goes on handing over what it has decrypted, and the paused parser loses it. One
 * request at a time is let in, and its bytes are counted, so that nothing has to be paused. There is no public setter for the mark.
 */
function neverPause(socket: Socket): void {
  const { _writableState: state } = socket as unknown as { readonly _writableState?: { highWaterMark: number } }
  if (state) state.highWaterMark = LARGEST_ANSWER
}
