/** One address that always has a request on its way over each of its connections: it is never idle, and breaks no limit of time. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { after, before, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { limitsFor, SHIPPED_LIMIT } from '../../../../webhook/budget/limits.ts'
import { createMetrics } from '../../../../webhook/server/metrics.ts'
import { buildServer } from '../../../../webhook/server/server.ts'
import { CLUSTER, NONCE, SETTINGS } from '../fixtures.ts'

const [API, HOLDER, PROBE] = ['127.0.0.1', '127.0.0.2', '127.0.0.3']
const CONNECTIONS = 24
const BODY = JSON.stringify({
  kind: 'AdmissionReview',
  apiVersion: 'admission.k8s.io/v1',
  request: { uid: 'u1', kind: { group: '', version: 'v1', kind: 'Pod' }, operation: 'DELETE' },
})
const REVIEW = `POST /mutate HTTP/1.1\r\nhost: x\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`
const PROBING = 'GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n'

const { app, door } = buildServer({
  limits: { ...limitsFor(SHIPPED_LIMIT), connections: CONNECTIONS },
  settings: SETTINGS,
  metrics: createMetrics(),
  log: { debug() {}, info() {}, warn() {}, error() {} },
  nonce: () => NONCE,
  cluster: CLUSTER,
  ready: () => true,
})
let port: number
before(async () => {
  await app.ready()
  await once(door.server.listen(0, API), 'listening')
  port = (door.server.address() as AddressInfo).port
})
after(async () => {
  door.close(0)
  await door.gone
  await app.close()
})

async function open(localAddress: string): Promise<Socket> {
  const socket = connect({ host: API, port, localAddress })
  socket.on('error', () => {}).resume()
  await once(socket, 'connect')
  return socket
}

/** @returns the beginning of the answer, or `closed`: a reset is no failure here */
function ask(socket: Socket, text: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  socket.once('data', (data) => resolve(String(data).slice(0, 12)))
  if (socket.closed) resolve('closed')
  else socket.once('close', () => resolve('closed'))
  socket.write(text)
  return promise
}

/** Trusted, of the most use there is, and in the middle of a review from then on. */
async function hold(): Promise<Socket> {
  const socket = await open(HOLDER)
  await ask(socket, REVIEW)
  socket.write(REVIEW.slice(0, -1))
  return socket
}

it('keeps out neither new connections of others nor those that they keep', { timeout: 30_000 }, async () => {
  const kept = [await open(API), await open(API)]
  for (const socket of kept) assert.equal(await ask(socket, REVIEW), 'HTTP/1.1 200')
  const held: Socket[] = []
  for (let n = 0; n < CONNECTIONS + 8; n++) held.push(await hold())
  await sleep(100)
  assert.equal(door.used().connections, CONNECTIONS)
  const answers: string[] = []
  for (const from of [API, PROBE, API, PROBE]) {
    answers.push(await ask(await open(from), from === API ? REVIEW : PROBING))
    // It comes again at once.
    held.push(await hold())
  }
  for (const socket of kept) answers.push(await ask(socket, REVIEW))
  assert.deepEqual(
    answers,
    Array.from({ length: 6 }, () => 'HTTP/1.1 200'),
  )
  for (const socket of [...kept, ...held]) socket.destroy()
})
