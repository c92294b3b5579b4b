/**
 * A port for a program's health and metrics, in plain HTTP/1.1 (RFC 9112): `GET` of a few paths. Beside it runs work that
 * must not wait, admission or delivery, and any client on the network may connect; so one connection is one request, a
 * head of 8 KiB and a second or two, and how many there are, at a time and from one address, is bounded. Node's HTTP
 * server would parse 5,000 requests that came in one go.
 */
import { createServer, type Server, type Socket } from 'node:net'
import { openNeighbours } from './neighbours.ts'
import { openRates } from './rates.ts'

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

/** Why a connection was closed unanswered: a closed table, for a metric. */
const CLOSINGS = {
  'too-often': 'one of an address that connects too often',
  'too-many': 'the oldest of the address with most, for a newer one',
  late: 'one whose head did not come in time, or whose answer was not read in time',
} as const

export type Closing = keyof typeof CLOSINGS
export const CLOSING_NAMES = Object.keys(CLOSINGS) as Closing[]

/** Heads of monitoring systems have a few hundred bytes; with a token, two thousand. */
const HEAD_LIMIT = 8 * 1024
/** Milliseconds for head, answer and its last byte together: a scrape of a busy node takes tens. */
const WHOLE_MS = 5_000
/** Of these a head may take. */
const HEAD_MS = 2_000
/** A kubelet, two Prometheus servers and a person at the same time are four. 32 connections hold less than 1 MiB. */
const MOST_CONNECTIONS = 32

/**
 * @param host '' for every address
 * @param closed one more connection was closed unanswered
 * @throws the errors of listening, EADDRINUSE among others
 */
export async function openStatusPort(
  host: string,
  port: number,
  pages: Pages,
  closed: (why: Closing) => void = () => {},
): Promise<StatusPort> {
  const rates = openRates()
  const countedAs = openNeighbours()
  const connections = new Map<Socket, string>()
  const server = createServer({ noDelay: true }, (socket) => {
    const address = countedAs(socket.remoteAddress ?? '')
    const end = (one: Socket | undefined, why: Closing): void => {
      if (one === undefined || one.destroyed) return
      closed(why)
      one.destroy()
    }
    socket.on('error', () => {})
    if (!rates.admits(address)) return end(socket, 'too-often')
    if (connections.size >= MOST_CONNECTIONS) end(oldestOfMost(connections), 'too-many')
    connections.set(socket, address)
    socket.once('close', () => connections.delete(socket))
    answerOne(socket, pages, () => end(socket, 'late'))
  })
  const close = (): void => {
    server.close()
    for (const socket of connections.keys()) socket.destroy()
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
function oldestOfMost(connections: ReadonlyMap<Socket, string>): Socket | undefined {
  const counts = new Map<string, number>()
  for (const address of connections.values()) counts.set(address, (counts.get(address) ?? 0) + 1)
  const most = Math.max(...counts.values())
  const [oldest] = [...connections].find(([, address]) => counts.get(address) === most) ?? []
  return oldest
}

function answerOne(socket: Socket, pages: Pages, late: () => void): void {
  const head: Buffer[] = []
  let length = 0
  const whole = setTimeout(late, WHOLE_MS)
  const slow = setTimeout(late, HEAD_MS)
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
