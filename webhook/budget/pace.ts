/**
 * How much of bodies is read in a turn of the event loop. libuv reads up to 32 times 64 KB of a connection in one (uv__read), all of
 * which is decrypted before any other connection has a turn: for four bodies of 7 MB that was ten milliseconds.
 */
import { Fair } from './fair.ts'

/** Bytes after which a body waits for its turn. Once as many are not taken, Node's HTTP server stops reading the connection. */
export const PIECE = 64 * 1024
/** Bodies that go on in one turn: a millisecond's work, and no less than an API server sends. */
const MOST = 4

/** @returns waits until a body of this address may go on; addresses take turns */
export function openPace(): (address: string) => Promise<void> {
  const waiting = new Fair<() => void>()
  let scheduled = false

  const turn = (): void => {
    scheduled = false
    for (let n = 0; n < MOST; n++) waiting.oldest()?.()
    schedule()
  }
  const schedule = (): void => {
    if (scheduled || waiting.size === 0) return
    scheduled = true
    setImmediate(turn)
  }
  return (address) =>
    new Promise((resolve) => {
      waiting.add(address, resolve)
      schedule()
    })
}
