/** Taken away again, KernelSeal leaves nothing in the cluster and nothing in the node's kernel. */
import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import { call, must, until } from '../support/cluster/cluster.ts'
import { kustomized, MUTATING, OVERLAY, SYSTEM, VALIDATING } from '../support/cluster/installation.ts'
import { startProtected } from './application.ts'
import { pins, shipped } from './node.ts'
import { openShop, PATIENCE } from './shop.ts'

before(async () => {
  await openShop()
  await startProtected()
})

it('nothing is left of it', async (test) => {
  assert.match(await pins(), /\/kernelseal\/v\d+\/maps\/scopes/, 'nothing is pinned while an agent runs')
  await test.test('the pins stay while applications run', async () => {
    const { ended, said } = await shipped('unload')
    assert.match(ended, /^Failed/)
    assert.match(said, /[1-9]\d* sealed processes and [1-9]\d* agents live/)
    assert.match(await pins(), /scopes/)
  })
  await test.test('the overlay is deleted', async () => {
    must(await call('DELETE', '/api/v1/namespaces/shop'), 'the namespace')
    await until('shop is gone', async () => (await call('GET', '/api/v1/namespaces/shop')).status === 404, PATIENCE)
    await kustomized('delete', `deploy/overlays/${OVERLAY}`)
    for (const path of [MUTATING, VALIDATING, `/api/v1/namespaces/${SYSTEM}`]) {
      await until(`${path} is gone`, async () => (await call('GET', path)).status === 404, PATIENCE)
    }
  })
  await test.test('deploy/unload is applied', async () => {
    assert.deepEqual(await shipped('unload'), { ended: 'Complete', said: '' })
    assert.equal(await pins(), '')
  })
})
