/**
 * A port for a program's health and metrics, in plain HTTP/1.1 (RFC 9112): `GET` of a few paths. Beside it runs work that
 * must not wait, admission or delivery, and any client on the network may connect; so one connection is one request, a
 * head of 8 KiB and a second or two, and how many there are, at a time and from one address, is bounded. Node's HTTP
 * server would parse 5,000 requests that came in one go.
 */
import { createServer, type Server, type Socket } from 'node:net'

export interface Page {
  readonly status: number
  readonly body: string
  /** text/plain when absent. */
  readonly type?: string
}

/** @param path without its query */
export type Pages = (path: string) => Page | Promise<Page>

export interface StatusPort {
  readonly port: number
  /** At once, unfinished answers included. Safe to call twice. */
  readonly close: () => void
}

/** Heads of monitoring systems have a few hundred bytes; with a token, two thousand. */
const HEAD_LIMIT = 8 * 1024
/** Milliseconds for head, answer and its last byte together: a scrape of a busy node takes tens. */
const WHOLE_MS = 5_000
/** Of these a head may take. */
const HEAD_MS = 2_000
/** A kubelet, two Prometheus servers and a person at the same time are four. 32 connections hold less than 1 MiB. */
const MOST_CONNECTIONS = 32

/** @param host '' for every address @throws the errors of listening, EADDRINUSE among others */
export async function openStatusPort(host: string, port: number, pages: Pages): Promise<StatusPort> {
  const rates = openRates()
  const connections = new Set<Socket>()
  const server = createServer({ noDelay: true }, (socket) => {
    const address = socket.remoteAddress ?? ''
    socket.on('error', () => {})
    if (!rates.admits(address)) {
      socket.destroy()
      return
    }
    if (connections.size >= MOST_CONNECTIONS) oldestOfMost(connections)?.destroy()
    connections.add(socket)
    socket.once('close', () => connections.delete(socket))
    answerOne(socket, pages)
  })
  const close = (): void => {
    server.close()
    for (const socket of connections) socket.destroy()
  }
  return { port: await listenOn(server, host, port), close }
}

async function listenOn(server: Server, host: string, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(host === '' ? { port } : { host, port }, resolve)
  })
  // Later errors, as from accepting without a free descriptor, pass by themselves.
  server.on('error', () => {})
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : port
}

/** The address with most places gives way, its oldest connection first: idle connections cannot keep others out. */
function oldestOfMost(connections: ReadonlySet<Socket>): Socket | undefined {
  const counts = new Map<string, number>()
  for (const { remoteAddress = '' } of connections) counts.set(remoteAddress, (counts.get(remoteAddress) ?? 0) + 1)
  const most = Math.max(...counts.values())
  return [...connections].find(({ remoteAddress = '' }) => counts.get(remoteAddress) === most)
}

function answerOne(socket: Socket, pages: Pages): void {
  const head: Buffer[] = []
  let length = 0
  const whole = setTimeout(() => socket.destroy(), WHOLE_MS)
  const slow = setTimeout(() => socket.destroy(), HEAD_MS)
  socket.once('close', () => {
    clearTimeout(whole)
    clearTimeout(slow)
  })
  socket.on('data', (chunk: Buffer) => {
    head.push(chunk)
    length += chunk.length
    const text = Buffer.concat(head).toString('latin1')
    const isWhole = text.includes('\r\n\r\n')
    if (!isWhole && length <= HEAD_LIMIT) return
    clearTimeout(slow)
    // Bytes after the first request are neither read nor answered.
    socket.removeAllListeners('data')
    socket.pause()
    void answer(socket, isWhole ? text.slice(0, text.indexOf('\r\n')) : undefined, pages)
  })
}

/** @param line of the request; undefined when the head was too long */
async function answer(socket: Socket, line: string | undefined, pages: Pages): Promise<void> {
  const [, method, path] = /^([A-Z]+) ([^ ?]+)(?:\?[^ ]*)? HTTP\/1\.[01]$/.exec(line ?? '') ?? []
  const page = await pageOf(method, path, pages)
  const { status, body, type = 'text/plain; charset=utf-8' } = page
  const text = method === 'HEAD' ? '' : body
  const fields = [`content-type: ${type}`, `content-length: ${Buffer.byteLength(body)}`, 'connection: close']
  socket.end(`HTTP/1.1 ${status} ${WORDS[status] ?? 'OK'}\r\n${fields.join('\r\n')}\r\n\r\n${text}`, () =>
    socket.destroySoon(),
  )
}

const WORDS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  404: 'Not Found',
  405: 'Method Not Allowed',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
}

async function pageOf(method: string | undefined, path: string | undefined, pages: Pages): Promise<Page> {
  if (method === undefined || path === undefined) return { status: 400, body: 'not a request\n' }
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, body: 'GET only\n' }
  try {
    return await pages(path)
  } catch {
    return { status: 500, body: 'the reason is in the log\n' }
  }
}

/**
 * New connections of one address: at once, and a second. A client that waits for readiness asks ten times a second;
 * 50 are 5 ms of a second.
 */
const BURST = 100
const PER_SECOND = 50
/** Addresses remembered; beyond, the one seen longest ago starts anew. */
const MOST_ADDRESSES = 256

interface Rates {
  readonly admits: (address: string) => boolean
}

function openRates(now: () => number = () => performance.now()): Rates {
  const known = new Map<string, { tokens: number; at: number }>()
  const admits = (address: string): boolean => {
    const found = known.get(address) ?? { tokens: BURST, at: now() }
    const tokens = Math.min(BURST, found.tokens + ((now() - found.at) / 1000) * PER_SECOND)
    // Put back at the end: those in front were seen longest ago.
    known.delete(address)
    known.set(address, { tokens: tokens < 1 ? tokens : tokens - 1, at: now() })
    for (const oldest of known.keys()) {
      if (known.size <= MOST_ADDRESSES) break
      known.delete(oldest)
    }
    return tokens >= 1
  }
  return { admits }
}
