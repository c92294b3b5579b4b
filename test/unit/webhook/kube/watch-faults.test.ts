/** A watch of namespaces at an API server that is overloaded, refuses, forgets, or holds fifty thousand of them. */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ApiError } from '../../../../webhook/kube/answers.ts'
import { backOff } from '../../../../webhook/kube/back-off.ts'
import type { KubeApi } from '../../../../webhook/kube/client.ts'
import { watchNamespaces } from '../../../../webhook/kube/namespace-watch.ts'
import { type StandIn, startStandIn } from '../stand-in-api.ts'

const log = { debug() {}, info() {}, warn() {}, error() {} }
const PATH = '/api/v1/namespaces'

describe('the pauses between attempts', () => {
  const steady = () => 0.5

  it('double up to half a minute, and are short again after a success', () => {
    const { pause, reset } = backOff(steady)
    assert.deepEqual(
      Array.from({ length: 8 }, () => pause()),
      [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000],
    )
    reset()
    assert.equal(pause(), 500)
  })

  it('are as long as the server asks, up to two minutes', () => {
    const { pause } = backOff(steady)
    assert.equal(pause(new ApiError('GET', '/', 429, '', 7_000)), 7_000)
    assert.equal(pause(new ApiError('GET', '/', 429, '', 86_400_000)), 120_000)
  })
})

// Side by side, each with a server of its own: nearly all of their time is waiting.
describe('a watch that', { concurrency: true }, () => {
  async function served(context: TestContext): Promise<StandIn> {
    const server = await startStandIn()
    context.after(() => server.close())
    server.objects.set(PATH, { metadata: { name: '', resourceVersion: '1' }, items: [] })
    return server
  }

  /** Requests within three seconds; on the old code 98 to 219 watches a second. */
  async function requests({ asked }: StandIn, api: KubeApi): Promise<number> {
    const watch = watchNamespaces(api, log)
    await sleep(3_000)
    watch.close()
    return asked.length
  }

  it('ends at once is asked for again after a pause that grows', async (context) => {
    const server = await served(context)
    const ending = setInterval(() => server.cut(), 1)
    const count = await requests(server, server.api)
    clearInterval(ending)
    assert.ok(count >= 3 && count <= 8, `${count} requests in 3 s`)
  })

  for (const status of [403, 429, 410]) {
    it(`is refused with ${status} is asked for again after a pause that grows, and so is the list before it`, async (context) => {
      const server = await served(context)
      const refusing: KubeApi = {
        ...server.api,
        // biome-ignore lint/correctness/useYield: it is refused before the first line
        async *events() {
          server.asked.push('watch')
          throw new ApiError('GET', PATH, status, 'no')
        },
      }
      const count = await requests(server, refusing)
      assert.ok(count >= 4 && count <= 10, `${count} requests in 3 s`)
    })
  }

  it('is asked to wait by Retry-After waits', async (context) => {
    const server = await served(context)
    server.failures.push({ status: 429, headers: { 'retry-after': '60' } })
    assert.equal(await requests(server, server.api), 1)
  })
})

describe('fifty thousand namespaces', () => {
  const COUNT = 50_000
  const item = (n: number) => ({
    metadata: {
      name: `namespace-${n}`,
      labels: {
        'kubernetes.io/metadata.name': `namespace-${n}`,
        team: 'x'.repeat(50),
        ...(n % 2 ? { 'kernelseal.io/mode': 'audit' } : {}),
      },
      annotations: { note: 'y'.repeat(2_000) },
      resourceVersion: `${n}`,
    },
  })

  /** An API server's pages: as long as `limit`, and a token for the rest. */
  function pagedApi(asked: URLSearchParams[]): KubeApi {
    const call = async (_method: string, path: string) => {
      const query = new URL(path, 'http://x').searchParams
      asked.push(query)
      const from = Number(query.get('continue') ?? 0)
      const limit = Number(query.get('limit') ?? COUNT)
      const text = JSON.stringify({
        items: Array.from({ length: Math.min(limit, COUNT - from) }, (_, n) => item(from + n)),
        metadata: { resourceVersion: '9', ...(from + limit < COUNT ? { continue: `${from + limit}` } : {}) },
      })
      await sleep(0)
      return JSON.parse(text)
    }
    const events = async function* (_path: string, signal: AbortSignal) {
      await sleep(1e6, undefined, { signal }).catch(() => {})
      yield* []
    }
    return { call: call as KubeApi['call'], events, clockOffset: () => 0 }
  }

  it('are read page by page, with nothing of them kept but the labels that count', async () => {
    const asked: URLSearchParams[] = []
    const watch = watchNamespaces(pagedApi(asked), log)
    await watch.synced
    assert.equal(asked.length, COUNT / 250)
    assert.ok(asked.every((query) => query.get('limit') === '250'))
    assert.deepEqual(watch.labels('namespace-3'), { 'kernelseal.io/mode': 'audit' })
    assert.deepEqual(watch.labels('namespace-49998'), {})
    assert.equal(watch.labels('namespace-50000'), undefined)
    watch.close()
  })
})
