/**
 * Pieces of bodies as they arrive. A body that waits for its turn (pace.ts) goes on arriving, up to a bound that Node counts in bytes of
 * payload alone: of one byte each, 65,536 pieces of 130 bytes and more, before anything that reads the body hears of them.
 */
import { IncomingMessage } from 'node:http'

/** Node's memory beside the bytes of each piece, measured: a body that comes byte by byte is two hundred times its length. */
export const PIECE_OVERHEAD = 256
/**
 * Of so many pieces in succession, the bytes there are at least. The smallest that an API server makes is a TLS record in one TCP
 * segment, of some 1,200 bytes (Go, crypto/tls, maxPayloadSizeForWrite): almost five times that.
 */
const SUCCESSION = 256
const LEAST_BYTES = SUCCESSION * 256

/** Hears of each piece. @returns false where it is not wanted, nor any that follows */
type Arrived = (bytes: number) => boolean

/** A request that says what arrives of its body, and at the first piece that is not wanted `cut`, as an event too. */
export class ArrivingMessage extends IncomingMessage {
  arrived: Arrived | undefined
  cut = false

  override push(piece: Buffer | null, encoding?: BufferEncoding): boolean {
    if (piece === null || this.arrived === undefined) return super.push(piece, encoding)
    if (this.cut) return false
    if (this.arrived(piece.length)) return super.push(piece, encoding)
    this.cut = true
    this.emit('cut')
    return false
  }
}

/** @returns hears of each piece; false from the first time that they are too small */
export function sizeOfPieces(): Arrived {
  let [pieces, bytes, isFine] = [0, 0, true]
  return (length) => {
    bytes += length
    if (++pieces < SUCCESSION) return isFine
    isFine &&= bytes >= LEAST_BYTES
    pieces = 0
    bytes = 0
    return isFine
  }
}
