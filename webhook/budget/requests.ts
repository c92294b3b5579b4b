/** The requests of a connection: one at a time, each there in time and its answer taken in time. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Drop, Visitor } from './visitor.ts'

/** Milliseconds from the head of a request to its last byte, and from the answer to its last byte being taken. */
export const REQUEST_MS = 5_000

/** @param idle called when its last answer has gone @returns false where the request is not to be answered */
export function admitRequest(
  visitor: Visitor,
  request: IncomingMessage,
  response: ServerResponse,
  drop: Drop,
  idle: (visitor: Visitor) => void,
): boolean {
  if (visitor.socket.destroyed) return false
  if (visitor.asking) {
    drop(visitor.socket, 'pipelined')
    return false
  }
  visitor.asking = true
  visitor.pending++
  visitor.last = performance.now()
  let late = setTimeout(() => drop(visitor.socket, 'slow-request'), REQUEST_MS)
  request.once('end', () => clearTimeout(late))
  // From here on the next request may come: its client may have the answer before we hear that it was written.
  response.once('prefinish', () => {
    // Answered to nobody, after it was given up.
    if (visitor.socket.destroyed) return
    visitor.asking = false
    clearTimeout(late)
    late = setTimeout(() => drop(visitor.socket, 'slow-reader'), REQUEST_MS)
  })
  response.once('close', () => {
    clearTimeout(late)
    visitor.pending--
    visitor.last = performance.now()
    visitor.worth ||= 1
    // Node would read the rest, of any length, and throw it away: counted by nothing, on a connection that looks idle.
    if (!request.complete && !request.socket.writableEnded) drop(visitor.socket, 'unasked-body')
    else if (visitor.pending === 0) idle(visitor)
  })
  return true
}
