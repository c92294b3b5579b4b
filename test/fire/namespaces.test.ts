/**
 * The memory of the webhook in a cluster of 50,000 namespaces, while they are listed and after: `node --test test/fire/namespaces.test.ts`.
 * The API server is a stand-in that answers by pages, and with all where none are asked for.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { after, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { shippedEnvironment } from './webhook-process.ts'

const COUNT = 50_000
const MAIN = process.env.FIRE_MAIN ?? join(import.meta.dirname, '../../webhook/main.ts')

/** As large as those of a cluster that annotates and applies: 2.5 KB each. */
const item = (n: number) => ({
  metadata: {
    name: `namespace-${n}`,
    uid: `${n}`.padStart(36, '0'),
    labels: { 'kubernetes.io/metadata.name': `namespace-${n}`, ...(n % 2 ? { 'kernelseal.io/mode': 'audit' } : {}) },
    annotations: { 'kubectl.kubernetes.io/last-applied-configuration': 'y'.repeat(2_000) },
    resourceVersion: `${n}`,
  },
})

const lists: number[] = []
const server = createServer((request, response) => {
  const { pathname, searchParams: query } = new URL(request.url!, 'http://x')
  response.setHeader('content-type', 'application/json')
  if (pathname === '/version') return response.end('{"minor":"36"}')
  if (query.get('watch') === 'true') return response.writeHead(200).flushHeaders()
  const from = Number(query.get('continue') ?? 0)
  const limit = Number(query.get('limit') ?? COUNT)
  lists.push(from)
  const items = Array.from({ length: Math.min(limit, COUNT - from) }, (_, n) => item(from + n))
  const more = from + limit < COUNT ? { continue: `${from + limit}` } : {}
  return response.end(JSON.stringify({ items, metadata: { resourceVersion: '9', ...more } }))
})
after(() => {
  server.closeAllConnections()
  server.close()
})

it('stays within 200 MB with fifty thousand namespaces', async (test) => {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as { port: number }
  const flags = ['--agent-image', 'a', '--host', '127.0.0.1', '--port', '0', '--metrics-port', '0']
  const env = { ...process.env, ...shippedEnvironment() }
  const child = spawn(process.execPath, [MAIN, ...flags, '--api-server', `http://127.0.0.1:${port}`], {
    env,
    stdio: 'ignore',
  })
  test.after(() => child.kill('SIGKILL'))
  while (!lists.some((from) => from + 250 >= COUNT || from === 0)) await sleep(50)
  // Listed to the end, and at rest.
  for (let seen = -1; seen !== lists.length; await sleep(3_000)) seen = lists.length
  const text = readFileSync(`/proc/${child.pid}/status`, 'utf8')
  const [peak, now] = ['VmHWM', 'VmRSS'].map(
    (name) => Number(new RegExp(`${name}:\\s+([0-9]+)`).exec(text)?.[1]) / 1024,
  )
  test.diagnostic(`${lists.length} lists; ${peak!.toFixed(0)} MB at most, ${now!.toFixed(0)} MB at rest`)
  assert.ok(peak! < 200, `${peak} MB`)
})
