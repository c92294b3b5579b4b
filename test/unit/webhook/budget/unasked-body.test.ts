/** A body that nobody reads: Node reads and forgets it, for as long as it comes. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { after, before, it } from 'node:test'
import { createMetrics } from '../../../../webhook/server/metrics.ts'
import { buildServer } from '../../../../webhook/server/server.ts'
import { CLUSTER, NONCE, SETTINGS } from '../fixtures.ts'

const metrics = createMetrics()
const { app, door } = buildServer({
  settings: SETTINGS,
  metrics,
  log: { debug() {}, info() {}, warn() {}, error() {} },
  nonce: () => NONCE,
  cluster: CLUSTER,
  ready: () => true,
})
before(async () => {
  await app.ready()
  await once(door.server.listen(0, '127.0.0.1'), 'listening')
})
after(async () => {
  door.close(0)
  await door.gone
  await app.close()
})

async function refused(): Promise<number | undefined> {
  const found = await metrics.registry.getSingleMetric('kernelseal_refused_total')?.get()
  return found?.values.find(({ labels }) => labels.reason === 'unasked-body')?.value
}

/** Sends a body without an end. @returns the status answered, and whether the connection was closed within two seconds */
async function send(line: string): Promise<{ status: string; closed: boolean }> {
  const socket = connect((door.server.address() as AddressInfo).port, '127.0.0.1')
  let answered = ''
  socket.on('data', (data) => {
    answered += String(data)
  })
  socket.on('error', () => {})
  socket.write(`${line} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n`)
  const more = setInterval(() => socket.write(`400\r\n${'a'.repeat(1024)}\r\n`), 20)
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const late = setTimeout(() => resolve(false), 2_000)
  socket.once('close', () => resolve(true))
  const closed = await promise
  clearTimeout(late)
  clearInterval(more)
  socket.destroy()
  return { status: answered.slice(9, 12), closed }
}

for (const line of ['GET /healthz', 'HEAD /healthz', 'PUT /mutate', 'LOCK /', 'GET /bad%zz', 'POST /bad%zz']) {
  it(`on ${line} is refused, and its connection closed`, async () => {
    const before = (await refused()) ?? Number.NaN
    assert.deepEqual(await send(line), { status: '400', closed: true })
    assert.equal(await refused(), before + 1)
  })
}

it('is none where its length is 0, and the connection goes on', async () => {
  const socket = connect((door.server.address() as AddressInfo).port, '127.0.0.1')
  for (let n = 0; n < 2; n++) {
    socket.write('GET /healthz HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n')
    const [answer] = await once(socket, 'data')
    assert.match(String(answer), /^HTTP\/1\.1 200 /)
  }
  socket.destroy()
})
