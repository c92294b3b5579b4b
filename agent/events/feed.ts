/**
 * The agent's events for other processes of its user: a unix socket that replays the last few hundred to whoever connects,
 * then sends each as it comes. One JSON object a line, as in the log; `{"live":true}` between the two.
 */
import { mkdirSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { dirname, join } from 'node:path'
import { stateDirectory } from '../nonce.ts'
import type { Line } from './describe.ts'
import { bigintsAsText } from './sinks/log.ts'

/** A line of the feed, parsed. */
export interface Told {
  /** RFC 3339, UTC. */
  readonly time: string
  readonly scope: number
  readonly level: Line['level']
  readonly tag: string
  readonly msg: string
}

export interface Feed {
  readonly write: (line: Line) => void
  /** Once the scope is ours: what an earlier agent left there is replaced. @throws what listen(2) and its relatives say */
  readonly listen: (path: string) => Promise<void>
  /** Readers that were too slow, so far. */
  readonly dropped: () => number
  /** The socket goes with it. Safe to call twice. */
  readonly close: () => void
}

/** Lines replayed: some 300 bytes each, 1.5 kB at most. */
const REPLAYED = 500
/** What may wait for one reader, and for how many: 16 MiB in all. */
const MOST_BEHIND_BYTES = 1 << 20
const MOST_READERS = 16

export const FEED_SOCKET = /^events-(\d+)\.sock$/
export const feedPath = (scope: number, directory = stateDirectory()): string => join(directory, `events-${scope}.sock`)

export function openFeed(scope: number): Feed {
  const recent: string[] = []
  const readers = new Set<Socket>()
  let dropped = 0
  let server: Server | undefined
  let at: string | undefined
  const send = (reader: Socket, text: string): void => {
    reader.write(text)
    if (reader.writableLength <= MOST_BEHIND_BYTES) return
    dropped++
    reader.destroy()
  }
  const write = ({ level, tag, text, fields }: Line): void => {
    const told = { time: new Date().toISOString(), scope, level, tag, msg: text, ...fields }
    const line = `${JSON.stringify(told, bigintsAsText)}\n`
    recent.push(line)
    if (recent.length > REPLAYED) recent.shift()
    for (const reader of readers) send(reader, line)
  }
  const greet = (reader: Socket): void => {
    readers.add(reader)
    reader.on('error', () => {}) // said by `close` as well
    reader.once('close', () => readers.delete(reader))
    reader.resume() // what a reader sends is nothing to us, but its end is
    send(reader, `${recent.join('')}{"live":true}\n`)
  }
  const listen = async (path: string): Promise<void> => {
    server = createServer(greet)
    server.maxConnections = MOST_READERS
    await listenPrivately(server, path)
    at = path
  }
  const close = (): void => {
    for (const reader of readers) reader.end()
    server?.close()
    if (at) rmSync(at, { force: true })
    at = undefined
  }
  return { write, listen, dropped: () => dropped, close }
}

/** No moment in which it is open to others: bind(2) makes it under this mask, within the call of `listen`. */
async function listenPrivately(server: Server, path: string): Promise<void> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  rmSync(path, { force: true })
  const mask = process.umask(0o177)
  const listening = new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    try {
      server.listen(path, resolve)
    } finally {
      process.umask(mask)
    }
  })
  await listening
  server.unref()
}
