/** Answers of an API server that are larger than a replica has memory for. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { it } from 'node:test'
import { connectKube, type KubeApi } from '../../../../webhook/kube/client.ts'
import { watchNamespaces } from '../../../../webhook/kube/namespace-watch.ts'
import { labelsThatCount } from '../../../../webhook/mutate/cluster/namespaces.ts'

const MiB = 1024 * 1024

async function served(listener: RequestListener, use: (api: KubeApi) => Promise<void>): Promise<void> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const apiServer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  try {
    await use((await connectKube({ apiServer, apiTokenFile: '/none', apiCaFile: '/none' }))!)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

/** Never ends, and never has a line break. @returns bytes taken */
function endless() {
  let sent = 0
  const listener: RequestListener = (_request, response) => {
    const more = (): void => {
      while (!response.destroyed && sent < 256 * MiB) {
        sent += MiB
        if (!response.write('[1,'.padEnd(MiB))) return void response.once('drain', more)
      }
    }
    more()
  }
  return { listener, sent: () => sent }
}

it('an answer without end is given up', async () => {
  const { listener, sent } = endless()
  await served(listener, (api) => assert.rejects(api.call('GET', '/version'), { name: 'TooLarge' }))
  assert.ok(sent() < 64 * MiB, `${sent()} bytes`)
})

it('so is a line of a watch', async () => {
  const { listener, sent } = endless()
  await served(listener, async (api) => {
    const events = api.events('/watch', new AbortController().signal)
    await assert.rejects(events[Symbol.asyncIterator]().next(), { name: 'TooLarge' })
  })
  assert.ok(sent() < 64 * MiB, `${sent()} bytes`)
})

for (const [what, nameOf] of [
  ['the same page again and again', () => 'n'],
  ['another page for ever', (page: number, n: number) => `n${page}-${n}`],
] as const) {
  it(`a list that has ${what} is given up, with a pause and a line`, async () => {
    let asked = 0
    const listener: RequestListener = (_request, response) => {
      asked++
      const items = Array.from({ length: 1_000 }, (_, n) => ({ metadata: { name: nameOf(asked, n) } }))
      response.end(JSON.stringify({ items, metadata: { resourceVersion: '1', continue: 'more' } }))
    }
    await served(listener, async (api) => {
      const { promise: warned, resolve } = Promise.withResolvers<{ err?: Error }>()
      const log = {
        debug: () => {},
        info: () => {},
        error: () => {},
        warn: (fields: { err?: Error }) => resolve(fields),
      }
      const watch = watchNamespaces(api, log)
      assert.match(String((await warned).err), /goes on after 1,|more than 100000/)
      assert.ok(asked <= 102, `${asked} pages`)
      watch.close()
    })
  })
}

it('namespaces with the largest annotations are listed in smaller pages, and all of them are known', async () => {
  const all = 300
  const annotations = { large: 'a'.repeat(256 * 1024) }
  const listener: RequestListener = ({ url }, response) => {
    const query = new URL(url!, 'http://x').searchParams
    if (query.has('watch')) return void response.writeHead(200).flushHeaders()
    const from = Number(query.get('continue') ?? 0)
    const to = Math.min(all, from + Number(query.get('limit')))
    const labels = { 'kernelseal.io/default-mode': 'audit' }
    const items = Array.from({ length: to - from }, (_, n) => ({
      metadata: { name: `n${from + n}`, labels, annotations },
    }))
    const metadata = { resourceVersion: '1', ...(to < all ? { continue: String(to) } : {}) }
    response.end(JSON.stringify({ items, metadata }))
  }
  await served(listener, async (api) => {
    const warned: object[] = []
    const log = { debug: () => {}, info: () => {}, error: () => {}, warn: (fields: object) => void warned.push(fields) }
    const watch = watchNamespaces(api, log)
    await watch.synced
    for (let n = 0; n < all; n++) assert.ok(watch.labels(`n${n}`) !== undefined, `n${n}`)
    assert.deepEqual(warned, [])
    watch.close()
  })
})

it('of a namespace with 9,000 labels those stay in memory that are read', () => {
  const many = Array.from({ length: 9_000 }, (_, n) => [`kernelseal.io/${'x'.repeat(60)}${n}`, 'y'.repeat(63)] as const)
  const read = {
    'kernelseal.io/injection': 'enabled',
    'kernelseal.io/mode': 'audit',
    'kernelseal.io/allow-debug': 'true',
    'pod-security.kubernetes.io/enforce': 'baseline',
  }
  assert.deepEqual(labelsThatCount({ ...Object.fromEntries(many), ...read }), read)
})
