/**
 * One kind of flood, as a process of its own: `node flood.ts KIND PORT METRICS_PORT [FROM [TO]]`, until SIGTERM. Connects from the
 * address FROM, another of the loopback network, since a Pod that floods is not the API server. A closed connection is
 * opened again a second later.
 */
import { connect as connectPlain, type Socket } from 'node:net'
import { connect } from 'node:tls'

const [kind = '', port = '', metricsPort = '', localAddress = '127.0.0.2', host = '127.0.0.1'] = process.argv.slice(2)
const MiB = 1024 * 1024

const HEAD = (length: number) => `POST /mutate HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${length}\r\n\r\n`
const overTls = (then: (socket: Socket) => void) => (): Socket => {
  // Node passes it on to the socket; its types have it for plain ones only.
  const options = { host, port: Number(port), localAddress, rejectUnauthorized: false }
  const socket: Socket = connect(options, () => then(socket))
  return socket
}

const REVIEW = JSON.stringify({
  kind: 'AdmissionReview',
  apiVersion: 'admission.k8s.io/v1',
  request: { uid: 'flood', kind: { group: '', version: 'v1', kind: 'Pod' }, operation: 'DELETE' },
})

/** Has a review answered, and takes three seconds for each from then on. */
function hold(socket: Socket): void {
  const text = HEAD(REVIEW.length) + REVIEW
  socket.write(text)
  socket.on('data', () => {
    socket.write(text.slice(0, -1))
    setTimeout(() => socket.write(text.slice(-1)), 3_000)
  })
}

const CHUNKED = 'HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n'
const crumbs = (count: number): string => '1\r\n \r\n'.repeat(count)

/** A Pod whose answer is some 100 KB. */
function largeReview(): string {
  const secrets = Object.fromEntries(
    Array.from({ length: 200 }, (_, n) => [`secret.kernelseal.io/S_${n}`, `secret/app/${n}`]),
  )
  const request = {
    uid: 'flood',
    kind: { group: '', version: 'v1', kind: 'Pod' },
    operation: 'CREATE',
    namespace: 'shop',
    object: { metadata: { annotations: secrets }, spec: { containers: [{ name: 'app', image: 'a' }] } },
  }
  return JSON.stringify({ kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1', request })
}

const KINDS: Readonly<Record<string, readonly [count: number, open: () => Socket]>> = {
  /** Handshake, then nothing. */
  idle: [3_400, overTls(() => {})],
  /** Asks again and again, and never reads an answer. */
  deaf: [
    300,
    overTls((socket) => {
      const review = largeReview()
      socket.pause()
      for (let n = 0; n < 20; n++) socket.write(HEAD(Buffer.byteLength(review)) + review)
    }),
  ],
  /** Bodies of 7 MB that lack their last byte. */
  unfinished: [
    32,
    overTls((socket) => {
      socket.write(HEAD(7 * MiB))
      socket.write(Buffer.alloc(7 * MiB - 1, 0x20))
    }),
  ],
  /** 5,000 requests in one go to the metrics. */
  pipelined: [
    4,
    () => {
      const socket = connectPlain({ host, port: Number(metricsPort), localAddress }, () => {
        socket.write('GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(5_000))
      })
      return socket
    },
  ],
  /** Connections to the metrics that ask for nothing. */
  held: [64, () => connectPlain({ host, port: Number(metricsPort), localAddress })],
  /** Heads that Node's server answers by itself unless told otherwise, hundreds in one go, whose answers are not read. */
  expecting: [
    16,
    overTls((socket) => {
      socket.pause()
      socket.write('GET /healthz HTTP/1.1\r\nhost: x\r\nexpect: x\r\n\r\n'.repeat(500))
    }),
  ],
  /** Half a header. */
  halves: [200, overTls((socket) => socket.write('POST /mutate HTTP/1.1\r\nhost: loc'))],
  /** Connections that never begin their handshake. */
  silent: [400, () => connectPlain({ host, port: Number(port), localAddress })],
  /** Breaks no limit, and has a request on its way over each connection at all times. */
  holding: [600, overTls(hold)],
  /** Bodies that wait for their turn after a first piece, and arrive in pieces of a byte. */
  crumbs: [
    60,
    overTls((socket) => socket.write(`POST /mutate ${CHUNKED}10000\r\n${' '.repeat(65_536)}\r\n${crumbs(64_000)}`)),
  ],
  /** A body on a request that takes none. */
  unasked: [24, overTls((socket) => socket.write(`GET /healthz ${CHUNKED}${crumbs(64_000)}`))],
  garbage: [50, overTls((socket) => socket.write(`${HEAD(64)}${'\u0000{]'.repeat(30)}`))],
}

const AGAIN_MS = 1_000
/** Of a connection: longer than the webhook leaves any of these alone. One that does not read never hears of its end. */
const LONGEST_MS = 10_000
const [count, open] = KINDS[kind] ?? []
if (count === undefined || open === undefined)
  throw new Error(`no such flood: ${kind}; there are ${Object.keys(KINDS)}`)
for (let n = 0; n < count; n++) keepOpen(open)

function keepOpen(one: () => Socket): void {
  const socket = one()
  // An answer that is not read hides that the connection was closed. The kinds that do not read pause it again.
  socket.resume()
  const end = setTimeout(() => socket.destroy(), LONGEST_MS)
  socket.on('error', () => {})
  socket.once('close', () => {
    clearTimeout(end)
    setTimeout(() => keepOpen(one), AGAIN_MS)
  })
}
