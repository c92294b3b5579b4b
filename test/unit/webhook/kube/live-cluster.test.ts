import assert from 'node:assert/strict'
import { after, afterEach, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { connectKube } from '../../../../webhook/kube/client.ts'
import { type LiveCluster, liveCluster, unknownCluster } from '../../../../webhook/kube/live-cluster.ts'
import { type StandIn, startStandIn } from '../stand-in-api.ts'

const log = { debug() {}, info() {}, warn() {}, error() {} }
const namespace = (name: string, labels: Record<string, string>, resourceVersion = '1') => ({
  metadata: { name, labels, resourceVersion },
})

let server: StandIn
let cluster: LiveCluster | undefined
before(async () => {
  server = await startStandIn()
  server.objects.set('/version', { metadata: { name: '' }, minor: '28+' })
  server.objects.set('/api/v1/namespaces', {
    metadata: { name: '', resourceVersion: '7' },
    items: [
      namespace('shop', { 'kernelseal.io/mode': 'audit', 'pod-security.kubernetes.io/enforce': 'baseline' }),
      namespace('other', {}),
    ],
  })
})
after(() => server.close())
afterEach(() => cluster?.close())

async function until(condition: () => boolean): Promise<void> {
  for (let turns = 0; !condition(); turns++) {
    assert.ok(turns < 500, 'it never came true')
    await sleep(10)
  }
}

describe('the known facts of the cluster', () => {
  it('is read at the start: labels of the namespaces, and the version’s features', async () => {
    cluster = liveCluster(server.api, { defaultMode: 'enforce', sidecarForm: 'auto' }, log)
    await cluster.known
    assert.deepEqual(
      ['shop', 'other', 'nowhere', undefined].map((name) => cluster!.defaultMode(name)),
      ['audit', 'enforce', 'enforce', 'enforce'],
    )
    assert.deepEqual([cluster.podSecurity('shop'), cluster.podSecurity('other')], ['baseline', undefined])
    assert.deepEqual([cluster.nativeSidecars(), cluster.appArmorField(), cluster.secretTokens()], [false, false, false])
  })

  it('follows changes, over a watch that ends and one whose version is gone', async () => {
    cluster = liveCluster(server.api, { defaultMode: 'enforce', sidecarForm: 'auto' }, log)
    await cluster.known
    const arrives = (mode: string) => () => {
      server.send({ type: 'MODIFIED', object: namespace('other', { 'kernelseal.io/mode': mode }, '8') })
      return cluster!.defaultMode('other') === mode
    }
    // Sent again until the watch is open: before, events have no reader.
    await until(arrives('disabled'))
    server.cut()
    await until(arrives('audit'))
    server.send({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '9' } } })
    server.send({ type: 'DELETED', object: namespace('shop', {}) })
    await until(() => cluster!.podSecurity('shop') === undefined)
    server.send({ type: 'ERROR', object: { code: 410 } })
    await until(() => cluster!.podSecurity('shop') === 'baseline')
  })

  it('is the settings alone where no server can be asked, after a while', async () => {
    cluster = unknownCluster({ defaultMode: 'audit', sidecarForm: 'container' })
    assert.deepEqual(
      [cluster.defaultMode('shop'), cluster.podSecurity('shop'), cluster.nativeSidecars()],
      ['audit', undefined, false],
    )
    const auto = unknownCluster({ defaultMode: 'audit', sidecarForm: 'auto' })
    assert.equal(auto.nativeSidecars(), true)
    assert.equal(await connectKube({ apiServer: '', apiTokenFile: '', apiCaFile: '' }), undefined)
  })

  it('names method, path and the reason when the server refuses', async () => {
    await assert.rejects(server.api.call('GET', '/api/v1/secrets'), /^ApiError: GET \/api\/v1\/secrets: 404 not found/)
  })
})
