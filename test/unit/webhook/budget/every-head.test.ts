/** No head of a request is answered before the door has seen it: Node has answers of its own to some. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { createMetrics } from '../../../../webhook/server/metrics.ts'
import { buildServer } from '../../../../webhook/server/server.ts'
import { CLUSTER, NONCE, SETTINGS } from '../fixtures.ts'

const silent = () => {}
const metrics = createMetrics()
const { app, door } = buildServer({
  settings: SETTINGS,
  metrics,
  log: { debug: silent, info: silent, warn: silent, error: silent },
  nonce: () => NONCE,
  cluster: CLUSTER,
  ready: () => true,
})

async function refusals(why: string): Promise<number> {
  const found = await metrics.registry.getSingleMetric('kernelseal_refused_total')?.get()
  return found?.values.find(({ labels }) => labels.reason === why)?.value ?? Number.NaN
}

describe('five thousand requests in one go', () => {
  let port: number
  before(async () => {
    await app.ready()
    await once(door.server.listen(0, '127.0.0.1'), 'listening')
    port = (door.server.address() as AddressInfo).port
  })
  after(async () => {
    door.close(0)
    await door.gone
    await app.close()
  })

  /** @returns all that was answered until the connection closed */
  async function send(text: string): Promise<string> {
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    let answered = ''
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      answered += String(chunk)
    })
    // Not `once` of node:events, for which the reset that follows is a failure.
    await new Promise((resolve) => socket.once('close', resolve))
    return answered
  }

  for (const [what, head] of [
    ['ordinary', 'GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n'],
    ['with an unknown expectation', 'GET /healthz HTTP/1.1\r\nhost: x\r\nexpect: y\r\n\r\n'],
    ['with an expected 100', 'GET /healthz HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\n\r\n'],
    ['without a host', 'GET /healthz HTTP/1.1\r\n\r\n'],
  ] as const) {
    it(`${what} are refused at the second`, { timeout: 30_000 }, async () => {
      const before = await refusals('pipelined')
      const answered = await send(head.repeat(5_000))
      assert.equal(await refusals('pipelined'), before + 1)
      assert.ok(answered.split('HTTP/1.1 ').length <= 3, `${answered.length} bytes answered`)
    })
  }

  it('and what is no request is refused, and counted', async () => {
    assert.match(await send('GARBAGE\r\n\r\n'), /^HTTP\/1\.1 400 /)
    assert.match(await send(`GET / HTTP/1.1\r\nhost: ${'x'.repeat(10_000)}\r\n\r\n`), /^HTTP\/1\.1 431 /)
    assert.equal(await refusals('unreadable'), 2)
  })

  it('and one request of HTTP/1.1 without a host is a bad one', async () => {
    assert.match(await send('GET /healthz HTTP/1.1\r\n\r\n'), /^HTTP\/1\.1 400 /)
  })
})
