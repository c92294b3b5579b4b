/**
 * Connections that were accepted and are left alone until they come in. No more than one comes in in a turn of the event loop, since
 * its handshake costs a millisecond: requests go on being answered between.
 */
import type { Socket } from 'node:net'
import { type Fair, oldestOf } from './fair.ts'
import type { Drop } from './visitor.ts'

/** Milliseconds until connections of addresses that came too often are looked at again. */
const RETRY_MS = 20

export interface Queue {
  readonly add: (socket: Socket) => void
}

/** @param waiting where they wait @param addressOf as shares are counted @param mayEnter by address, now @param patience milliseconds, after which one is closed */
export function openQueue(
  waiting: Fair<Socket>,
  { most, patience }: { readonly most: number; readonly patience: number },
  addressOf: (socket: Socket) => string,
  mayEnter: (address: string) => boolean,
  enter: (socket: Socket) => void,
  drop: Drop,
): Queue {
  let scheduled = false
  let resting = false
  return { add }

  function add(socket: Socket): void {
    const address = addressOf(socket)
    if (waiting.size >= most) drop(oldestOf(waiting), 'too-many-waiting')
    waiting.add(address, socket)
    // It is not read, so that a client that has gone is not noticed; and none waits longer than a request may take.
    const late = setTimeout(() => {
      if (waiting.has(address, socket)) drop(socket, 'too-many-waiting')
    }, patience)
    socket.once('close', () => {
      clearTimeout(late)
      waiting.delete(address, socket)
    })
    schedule()
  }

  function schedule(): void {
    if (scheduled) return
    scheduled = true
    setImmediate(turn)
  }

  /** One comes in; data ready on open connections is looked at before the next one does. */
  function turn(): void {
    scheduled = false
    const socket = waiting.newest(mayEnter)
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
}
