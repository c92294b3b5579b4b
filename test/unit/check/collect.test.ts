/** The collection of facts, over an API that a test answers for. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { collect } from '../../../agent/check/collect/collect.ts'
import { concernsUs, podFacts, type RawPod } from '../../../agent/check/collect/pods.ts'
import { type Api, attempt, listAll } from '../../../agent/check/collect/reading.ts'
import { metricsOf } from '../../../agent/check/collect/webhook.ts'
import { ApiError } from '../../../webhook/kube/answers.ts'
import { TooLarge } from '../../../webhook/kube/bounded.ts'

type Answer = (method: string, path: string) => unknown

function apiOf(answer: Answer): { readonly api: Api; readonly asked: string[] } {
  const asked: string[] = []
  const ask = async (method: string, path: string) => {
    asked.push(`${method} ${path}`)
    return answer(method, path)
  }
  const api = { call: ask, text: (path: string) => ask('GET', path), clockOffset: () => 0 }
  return { api: api as unknown as Api, asked }
}

const VERSION = { gitVersion: 'v1.36.3', minor: '36+' }

describe('a list', () => {
  it('is read page by page, and only the wanted part is kept', async () => {
    const { api, asked } = apiOf((_, path) => ({
      items: [{ n: asked.length }],
      metadata: path.includes('continue=b%2Fc') ? {} : { continue: 'b/c' },
    }))
    const kept = await listAll<{ n: number }, number>(api, '/api/v1/pods', ({ n }) => [n])
    assert.deepEqual(kept, [1, 2])
    assert.deepEqual(asked, ['GET /api/v1/pods?limit=250', 'GET /api/v1/pods?limit=250&continue=b%2Fc'])
  })

  it('of objects that are too large for one answer is read in smaller pages', async () => {
    const { api, asked } = apiOf((_, path) => {
      if (Number(/limit=(\d+)/.exec(path)?.[1]) > 4) throw new TooLarge('the answer is longer')
      return { items: [1], metadata: {} }
    })
    assert.deepEqual(await listAll(api, '/x?a=b', (one) => [one]), [1])
    assert.deepEqual(asked, ['GET /x?a=b&limit=250', 'GET /x?a=b&limit=32', 'GET /x?a=b&limit=4'])
  })

  it('without an end is given up', async () => {
    const { api } = apiOf(() => ({ items: [], metadata: { continue: 'more' } }))
    await assert.rejects(
      listAll(api, '/x', () => []),
      /the list of `\/x` has no end/,
    )
  })
})

it('a refusal for want of a right is told from every other', async () => {
  const failing = (error: Error) =>
    attempt(async () => {
      throw error
    })
  assert.deepEqual(await failing(new ApiError('GET', '/x', 403, 'no')), { refused: 'GET /x: 403 no', forbidden: true })
  assert.deepEqual(await failing(new ApiError('GET', '/x', 500, 'no')), { refused: 'GET /x: 500 no', forbidden: false })
  assert.deepEqual(await failing(new Error('read ECONNRESET')), { refused: 'read ECONNRESET', forbidden: false })
})

it('a Pod is kept without its other annotations, and only if it concerns us', () => {
  const raw: RawPod = {
    metadata: { name: 'a', namespace: 'shop', annotations: { 'kernelseal.io/mode': 'audit', other: 'x'.repeat(9999) } },
    spec: { nodeName: 'n', containers: [{ name: 'app', image: 'app:1' }] },
    status: { phase: 'Running', containerStatuses: [{ name: 'app', ready: true, restartCount: 2, state: {} }] },
  }
  assert.deepEqual(podFacts(raw), {
    metadata: { name: 'a', namespace: 'shop', annotations: { 'kernelseal.io/mode': 'audit' }, labels: {} },
    node: 'n',
    phase: 'Running',
    containers: [{ name: 'app', image: 'app:1', ready: true, restarts: 2 }],
  })
  assert.equal(concernsUs(raw), true)
  assert.equal(concernsUs({ ...raw, metadata: { name: 'a' } }), false)
  assert.equal(
    concernsUs({ metadata: { name: 'a' }, spec: { containers: [], initContainers: [{ name: 'kernelseal-agent' }] } }),
    true,
  )
})

it("a replica's metrics have its version and its certificate's end", () => {
  const text = [
    'kernelseal_build_info{version="0.1.0",node="v24.21.0"} 1',
    'kernelseal_certificate_expiry_timestamp_seconds 1.8e9',
    'kernelseal_certificate_trusted 0',
  ].join('\n')
  assert.deepEqual(metricsOf(text), { version: '0.1.0', expiry: 1.8e12, trusted: false })
  assert.deepEqual(metricsOf('kernelseal_certificate_expiry_timestamp_seconds 0\n'), {})
})

describe('the collection', () => {
  it('goes on where every answer is refused, and asks for no Secret', async () => {
    const { api, asked } = apiOf((method, path) => {
      throw new ApiError(method, path, 403, 'no')
    })
    const facts = await collect({ api, version: VERSION }, undefined)
    assert.equal(facts.server.minor, 36)
    assert.deepEqual(facts.trial, { outcome: 'unknown', words: 'no namespace is known that has opted in' })
    assert.deepEqual(
      asked.filter((line) => !line.startsWith('GET ')),
      [],
    )
    assert.deepEqual(
      asked.filter((line) => /secrets/i.test(line)),
      [],
    )
  })

  it('looks where the Service is, tries the webhook in one namespace, and writes nothing', async () => {
    const service = { name: 'kernelseal-webhook', namespace: 'elsewhere' }
    const labels = { 'kernelseal.io/injection': 'enabled' }
    const { api, asked } = apiOf((_, path) => {
      if (path.endsWith('mutatingwebhookconfigurations/kernelseal'))
        return { metadata: { name: 'kernelseal' }, webhooks: [{ name: 'a', clientConfig: { service } }] }
      if (path.startsWith('/api/v1/namespaces?'))
        return {
          items: [{ metadata: { name: 'kube-system', labels } }, { metadata: { name: 'shop', labels } }],
          metadata: {},
        }
      if (path.includes('dryRun')) return { metadata: { annotations: { 'kernelseal.io/status': '{}' } } }
      return { items: [], metadata: {} }
    })
    const facts = await collect({ api, version: VERSION }, undefined)
    assert.equal(facts.system, 'elsewhere')
    assert.deepEqual(facts.trial, { outcome: 'answered', namespace: 'shop' })
    assert.deepEqual(
      asked.filter((line) => !line.startsWith('GET ')),
      ['POST /api/v1/namespaces/shop/pods?dryRun=All'],
    )
    assert.ok(asked.some((line) => line.startsWith('GET /apis/apps/v1/namespaces/elsewhere/deployments?')))
  })
})

it('no file of the check has a way to Secrets', () => {
  const folder = join(import.meta.dirname, '../../../agent/check')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
  assert.ok(files.length > 15)
  for (const file of files)
    assert.doesNotMatch(readFileSync(join(folder, file), 'utf8'), /\/secrets\b|kernelseal-webhook-tls/, file)
})
