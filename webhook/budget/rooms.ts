/**
 * Connections that have come in: in their handshake, then open. Both rooms are bounded, and so are those in the second that asked for
 * nothing yet. When there are too many, the address with most gives way.
 */
import type { Socket } from 'node:net'
import { Fair, oldestOf } from './fair.ts'
import type { Limits } from './limits.ts'
import { type Drop, isWorthLess, keyOf, type Visitor } from './visitor.ts'

export interface Rooms {
  /** @returns false where there is no room, and it was dropped */
  readonly enter: (socket: Socket) => boolean
  /** Its handshake is done. */
  readonly greeted: (socket: Socket) => void
  readonly find: (socket: Socket) => Visitor | undefined
  readonly all: () => Iterable<Visitor>
  readonly used: () => Readonly<Record<'connections' | 'untried' | 'handshakes', number>>
}

/** @param first the room that connections come into */
export function openRooms(
  limits: Limits,
  first: 'handshake' | 'open',
  addressOf: (socket: Socket) => string,
  drop: Drop,
): Rooms {
  const visitors = new Map<string, Visitor>()
  const handshakes = new Fair<Visitor>()
  const open = new Fair<Visitor>()
  /** With some that have asked since. */
  const untried = new Fair<Visitor>()
  return {
    enter,
    greeted,
    find: (socket) => visitors.get(keyOf(socket)),
    all: () => visitors.values(),
    used: () => ({ connections: open.size, untried: countUntried(), handshakes: handshakes.size }),
  }

  function enter(socket: Socket): boolean {
    const address = addressOf(socket)
    if (handshakes.size >= limits.handshakes) drop(oldestOf(handshakes)?.socket, 'too-many-handshakes')
    if (open.size + handshakes.size >= limits.connections && !makeRoom(address)) {
      drop(socket, 'too-many-connections')
      return false
    }
    const visitor: Visitor = { address, socket, asking: false, pending: 0, worth: 0, last: performance.now() }
    const key = keyOf(socket)
    visitors.set(key, visitor)
    if (first === 'handshake') handshakes.add(address, visitor)
    socket.once('close', () => {
      visitors.delete(key)
      handshakes.delete(address, visitor)
      open.delete(address, visitor)
      untried.delete(address, visitor)
    })
    if (first === 'open') settle(visitor)
    return true
  }

  function greeted(socket: Socket): void {
    const visitor = visitors.get(keyOf(socket))
    if (visitor === undefined || !handshakes.delete(visitor.address, visitor)) return
    visitor.last = performance.now()
    settle(visitor)
  }

  /** API servers ask at once, but for a few connections that they dialled in vain: a client with more has no use for them. */
  function settle(visitor: Visitor): void {
    open.add(visitor.address, visitor)
    untried.add(visitor.address, visitor)
    if (untried.size > limits.untried && countUntried() > limits.untried)
      drop(oldestOf(untried)?.socket, 'too-many-connections')
  }

  function countUntried(): number {
    for (const [address, own] of untried.crowded())
      for (const one of own) if (one.worth > 0 || one.pending > 0) untried.delete(address, one)
    return untried.size
  }

  /**
   * By share. The address with most gives way to one with fewer, in the middle of a request too: a client that always has one on its
   * way is never idle, and would keep out all others with a few bytes a second. One with as many as any makes room for itself only.
   * @returns false where it has no idle one for that
   */
  function makeRoom(newcomer: string): boolean {
    const isFewer = open.countOf(newcomer) + handshakes.countOf(newcomer) < open.most()
    let least: Visitor | undefined
    for (const visitor of isFewer ? open.ofThoseWithMost() : open.of(newcomer))
      if ((isFewer || visitor.pending === 0) && (least === undefined || isWorthLess(visitor, least))) least = visitor
    if (least === undefined) return false
    drop(least.socket, 'too-many-connections')
    open.delete(least.address, least)
    return true
  }
}
