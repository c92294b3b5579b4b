import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { endpointOn } from '../../../agent/attack/runner/endpoint.ts'
import { onceASecond } from '../../../agent/status-port/cached.ts'

const METRICS = [
  '# TYPE blocked_total counter',
  'blocked_total{way="mem"} 2',
  'blocked_total{way="environ"} 3',
  'blocked_total_of_others 50',
  'kernelseal_info{refusal_tier="lsm",delivery_tier="kernel",mode="enforce"} 1',
  '',
].join('\n')

async function withServer(ready: number, use: (port: number) => Promise<void>): Promise<void> {
  const server = createServer(({ url }, response) => {
    response.writeHead(url === '/readyz' ? ready : 200).end(METRICS)
  })
  server.listen(0)
  await once(server, 'listening')
  await use((server.address() as AddressInfo).port)
  server.close()
}

test('a metric is the sum of its labelled samples, and of no other metric’s', () =>
  withServer(200, async (port) => {
    const { metric, info } = endpointOn(port)
    assert.equal(await metric('blocked_total'), 5)
    await assert.rejects(metric('blocked'), /no metric `blocked`/)
    assert.equal(await info('refusal_tier'), 'lsm')
    assert.equal(await info('tier'), undefined)
  }))

test('200 of /readyz means ready', async () => {
  await withServer(200, async (port) => assert.equal(await endpointOn(port).ready(), true))
  await withServer(503, async (port) => assert.equal(await endpointOn(port).ready(), false))
})

test('without a listener there is no readiness', () =>
  withServer(200, async () => assert.equal(await endpointOn(1).ready(), false)))

test('a metric is what it is now, although an agent makes its page once a second', async () => {
  let count = 1
  const page = onceASecond(async () => `deliveries_total ${count}\n`)
  const server = createServer(async (_request, response) => response.end(await page()))
  server.listen(0)
  await once(server, 'listening')
  const { metric } = endpointOn((server.address() as AddressInfo).port)
  for (; count < 4; count++) assert.equal(await metric('deliveries_total'), count)
  server.close()
})
