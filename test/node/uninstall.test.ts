/** Taken away again, KernelSeal leaves nothing in the cluster and nothing in the node's kernel. */
import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import { call, must, until } from '../cluster/cluster.ts'
import { kustomized, MUTATING, OVERLAY, SYSTEM, VALIDATING } from '../cluster/installation.ts'
import { startProtected } from './application.ts'
import { pins, unload } from './node.ts'
import { openShop, PATIENCE } from './shop.ts'

before(async () => {
  await openShop()
  await startProtected()
})

it('nothing is left of it', async (test) => {
  assert.match(await pins(), /\/kernelseal\/v\d+\/maps\/scopes/, 'nothing is pinned while an agent runs')
  await test.test('what is pinned stays while applications run', async () => {
    assert.match(await unload(), /sealed processes and \d+ agents live/)
  })
  await test.test('the overlay is deleted', async () => {
    must(await call('DELETE', '/api/v1/namespaces/shop'), 'the namespace')
    await until('shop is gone', async () => (await call('GET', '/api/v1/namespaces/shop')).status === 404, PATIENCE)
    await kustomized('delete', `deploy/overlays/${OVERLAY}`)
    for (const path of [MUTATING, VALIDATING, `/api/v1/namespaces/${SYSTEM}`]) {
      await until(`${path} is gone`, async () => (await call('GET', path)).status === 404, PATIENCE)
    }
  })
  await test.test('kernelseal unload', async () => {
    assert.equal(await unload(), '')
    assert.equal(await pins(), '')
  })
})
