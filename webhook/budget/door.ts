/**
 * Connections on their way in: accepted and left alone, then in their handshake, then open. Each room is bounded, and when one
 * is full the address with most in it gives way, so that a flood closes its own connections first, and not an API server's. No
 * more than one handshake begins in a turn of the event loop, which costs a millisecond: requests go on being answered between.
 */
import type { Server as HttpServer, IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server, type Socket } from 'node:net'
import { Fair } from './fair.ts'
import type { Limits } from './limits.ts'
import { openRates } from './rates.ts'
import type { Refusal } from './refusals.ts'

export interface Door {
  /** To listen with. Not listening yet. */
  readonly server: Server
  /** Before anything else looks at a request. @returns false where it is not to be answered */
  readonly admits: (request: IncomingMessage, response: ServerResponse) => boolean
  /** A review was answered: its connection is one of the last to be closed for a newer one. */
  readonly served: (request: IncomingMessage) => void
  /** Closes the connection of a request. */
  readonly giveUp: (request: IncomingMessage, why: Refusal) => void
  readonly used: () => Readonly<Record<'connections' | 'handshakes' | 'waiting', number>>
  /** Closes connections without a request in progress now, and the rest after `ms`. No new ones come in. */
  readonly close: (ms: number) => void
  /** Once it is closed and no connection is left. */
  readonly gone: Promise<unknown>
}

/** Milliseconds until connections of addresses that came too often are looked at again. */
const RETRY_MS = 20
/** Refusals that an API server never causes. */
const PENALISED: ReadonlySet<Refusal> = new Set(['slow-request', 'slow-reader', 'pipelined', 'too-many-bytes'])
/** Milliseconds from the head of a request to its last byte, and from the answer to its last byte being taken. */
const REQUEST_MS = 5_000

interface Visitor {
  readonly address: string
  readonly socket: Socket
  room: 'handshake' | 'open'
  /** Its request has no answer yet. */
  asking: boolean
  /** Answers that were not taken yet, or not made. */
  pending: number
  /** 0: asked for nothing yet; 1: asked; 2: had a review answered. */
  worth: 0 | 1 | 2
  last: number
}

export function openDoor(inner: HttpServer, limits: Limits, refused: (why: Refusal) => void, isTls: boolean): Door {
  const waiting = new Fair<Socket>()
  const visitors = new Map<string, Visitor>()
  const handshakes = new Fair<Visitor>()
  const open = new Fair<Visitor>()
  const rates = openRates()
  let scheduled = false
  let closed = false
  let resting = false
  // Paused: nothing is read for a connection that has not come in.
  const server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
    const address = socket.remoteAddress ?? ''
    socket.on('error', () => {})
    if (closed) {
      socket.destroy()
      return
    }
    if (waiting.size >= limits.waiting) drop(oldestOf(waiting), 'too-many-waiting')
    waiting.add(address, socket)
    // It is not read, so that a client that has gone is not noticed; and none waits longer than a request may take.
    const late = setTimeout(() => {
      if (waiting.has(address, socket)) drop(socket, 'too-many-waiting')
    }, REQUEST_MS)
    socket.once('close', () => {
      clearTimeout(late)
      waiting.delete(address, socket)
    })
    schedule()
  })
  // Of one connection alone, while it listens (net.js, onconnection): without a listener it would end the process.
  server.on('error', () => {
    if (server.listening) refused('not-accepted')
  })
  if (isTls) {
    inner.on('secureConnection', (socket) => {
      neverPause(socket)
      greeted(keyOf(socket))
    })
  }
  inner.on('tlsClientError', () => refused('handshake'))
  const gone = new Promise((resolve) => server.once('close', resolve))
  return { server, admits, served, giveUp, used, close, gone }

  function schedule(): void {
    if (scheduled) return
    scheduled = true
    setImmediate(turn)
  }

  /** One comes in; data ready on open connections is looked at before the next one does. */
  function turn(): void {
    scheduled = false
    const socket = waiting.newest(rates.admits)
    if (socket !== undefined && !socket.destroyed) enter(socket)
    if (waiting.size === 0) return
    if (socket !== undefined) schedule()
    // All that wait are of addresses that come too often.
    else if (!resting) {
      resting = true
      setTimeout(again, RETRY_MS).unref()
    }
  }

  function again(): void {
    resting = false
    schedule()
  }

  function enter(socket: Socket): void {
    const address = socket.remoteAddress ?? ''
    if (handshakes.size >= limits.handshakes) drop(oldestOf(handshakes)?.socket, 'too-many-handshakes')
    if (open.size + handshakes.size >= limits.connections && !makeRoom()) {
      drop(socket, 'too-many-connections')
      return
    }
    const room = isTls ? 'handshake' : 'open'
    const visitor: Visitor = { address, socket, room, asking: false, pending: 0, worth: 0, last: performance.now() }
    const key = keyOf(socket)
    visitors.set(key, visitor)
    roomOf(visitor).add(address, visitor)
    socket.once('close', () => {
      visitors.delete(key)
      handshakes.delete(address, visitor)
      open.delete(address, visitor)
    })
    inner.emit('connection', socket)
    if (!isTls) socket.resume()
  }

  function roomOf({ room }: Visitor): Fair<Visitor> {
    return room === 'open' ? open : handshakes
  }

  function greeted(key: string): void {
    const visitor = visitors.get(key)
    if (visitor === undefined || !handshakes.delete(visitor.address, visitor)) return
    visitor.room = 'open'
    visitor.last = performance.now()
    open.add(visitor.address, visitor)
  }

  /** Closes an idle connection: of the address with most, the one that was of least use. @returns false where none is idle */
  function makeRoom(): boolean {
    for (const [, own] of open.crowded()) {
      let least: Visitor | undefined
      for (const visitor of own) {
        if (visitor.pending === 0 && (least === undefined || isWorthLess(visitor, least))) least = visitor
      }
      if (least === undefined) continue
      drop(least.socket, 'too-many-connections')
      open.delete(least.address, least)
      return true
    }
    return false
  }

  function drop(socket: Socket | undefined, why: Refusal): void {
    if (socket === undefined) return
    refused(why)
    if (PENALISED.has(why)) rates.penalise(socket.remoteAddress ?? '')
    socket.destroy()
  }

  function admits(request: IncomingMessage, response: ServerResponse): boolean {
    const visitor = visitors.get(keyOf(request.socket))
    // Injected by a test, without a connection.
    if (visitor === undefined) return true
    if (visitor.socket.destroyed) return false
    if (visitor.asking) {
      drop(visitor.socket, 'pipelined')
      return false
    }
    watch(visitor, request, response)
    return true
  }

  function watch(visitor: Visitor, request: IncomingMessage, response: ServerResponse): void {
    visitor.asking = true
    visitor.pending++
    let late = setTimeout(() => drop(visitor.socket, 'slow-request'), REQUEST_MS)
    request.once('end', () => clearTimeout(late))
    // From here on the next request may come: its client may have the answer before we hear that it was written.
    response.once('prefinish', () => {
      visitor.asking = false
      clearTimeout(late)
      late = setTimeout(() => drop(visitor.socket, 'slow-reader'), REQUEST_MS)
    })
    response.once('close', () => {
      clearTimeout(late)
      visitor.pending--
      visitor.last = performance.now()
      visitor.worth ||= 1
      if (closed && visitor.pending === 0) visitor.socket.destroySoon()
    })
  }

  function served({ socket }: IncomingMessage): void {
    const visitor = visitors.get(keyOf(socket))
    if (visitor === undefined) return
    visitor.worth = 2
    rates.trust(visitor.address)
  }

  function giveUp({ socket }: IncomingMessage, why: Refusal): void {
    drop(visitors.get(keyOf(socket))?.socket, why)
  }

  function used() {
    return { connections: open.size, handshakes: handshakes.size, waiting: waiting.size }
  }

  function close(ms: number): void {
    closed = true
    server.close()
    for (let socket = waiting.oldest(); socket !== undefined; socket = waiting.oldest()) socket.destroy()
    for (const { socket, pending } of visitors.values()) if (pending === 0) socket.destroy()
    setTimeout(() => {
      for (const { socket } of visitors.values()) socket.destroy()
    }, ms).unref()
  }
}

/** The oldest of the address with most. It is taken out by its socket's closing, and at once. */
function oldestOf<Thing>(room: Fair<Thing>): Thing | undefined {
  for (const [address, own] of room.crowded()) {
    const [oldest] = own
    if (oldest !== undefined) room.delete(address, oldest)
    return oldest
  }
  return undefined
}

function isWorthLess(one: Visitor, other: Visitor): boolean {
  return one.worth === other.worth ? one.last < other.last : one.worth < other.worth
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

/** Unlike the object, the same for a socket and the TLS one on top of it. */
function keyOf({ remoteAddress, remotePort }: Pick<Socket, 'remoteAddress' | 'remotePort'>): string {
  return `${remoteAddress} ${remotePort}`
}
