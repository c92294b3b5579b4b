/**
 * The agent's events for other processes of its user: a unix socket that replays the last few hundred to each new
 * reader, then sends each as it comes. One JSON object a line, as in the log.
 */
import { mkdirSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { dirname, join } from 'node:path'
import { stateDirectory } from '../config/nonce.ts'
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

/** Marks the end of the replay; live events follow. */
export const LIVE = '{"live":true}'

/** Lines replayed: some 300 bytes each, 1.5 kB at most. */
const REPLAYED = 500
/** Bytes that may wait for one reader, and the number of readers: 16 MiB in all. */
const MOST_BEHIND_BYTES = 1 << 20
const MOST_READERS = 16

export const FEED_SOCKET = /^events-(\d+)\.sock$/
export const feedPath = (scope: number, directory = stateDirectory()): string => join(directory, `events-${scope}.sock`)

export class Feed {
  readonly #scope: number
  readonly #recent: string[] = []
  readonly #readers = new Set<Socket>()
  #dropped = 0
  #server: Server | undefined
  #path: string | undefined

  constructor(scope: number) {
    this.#scope = scope
  }

  /** Readers that were too slow, so far. */
  get dropped(): number {
    return this.#dropped
  }

  write({ level, tag, text, fields }: Line): void {
    const told = { time: new Date().toISOString(), scope: this.#scope, level, tag, msg: text, ...fields }
    const line = `${JSON.stringify(told, bigintsAsText)}\n`
    this.#recent.push(line)
    if (this.#recent.length > REPLAYED) this.#recent.shift()
    for (const reader of this.#readers) this.#send(reader, line)
  }

  /**
   * Once the scope is ours: an earlier agent's socket there is replaced. @throws the errors of bind(2) and its
   * relatives
   */
  async listen(path: string): Promise<void> {
    const server = createServer((reader) => this.#greet(reader))
    server.maxConnections = MOST_READERS
    await listenPrivately(server, path)
    this.#server = server
    this.#path = path
  }

  /** The socket goes with it. Safe to call twice. */
  close(): void {
    for (const reader of this.#readers) reader.end()
    this.#server?.close()
    if (this.#path) rmSync(this.#path, { force: true })
    this.#path = undefined
  }

  #greet(reader: Socket): void {
    this.#readers.add(reader)
    reader.on('error', () => {}) // said by `close` as well
    reader.once('close', () => this.#readers.delete(reader))
    reader.resume() // a reader's bytes are ignored, but its end is not
    this.#send(reader, `${this.#recent.join('')}${LIVE}\n`)
  }

  #send(reader: Socket, text: string): void {
    reader.write(text)
    if (reader.writableLength <= MOST_BEHIND_BYTES) return
    this.#dropped++
    reader.destroy()
  }
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
