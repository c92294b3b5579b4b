/** The agent's image from a private registry: the Secrets that a service account, an author and the webhook's settings name. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import {
  call,
  createPod,
  get,
  INJECTED,
  makeNamespace,
  must,
  patch,
  podsOf,
  until,
} from '../support/cluster/cluster.ts'
import { type Installation, install } from '../support/cluster/installation.ts'
import { BINDING, pod } from '../support/cluster/pods.ts'

let webhook: Installation
before(async () => {
  webhook = await install({ KSEAL_AGENT_PULL_SECRETS: 'mirror' })
  await makeNamespace('shop', INJECTED)
})
after(async () => {
  await call('DELETE', '/api/v1/namespaces/shop')
  await webhook.remove()
})

async function pullSecretsOf(name: string, annotations = BINDING, spec: object = {}): Promise<string[]> {
  must(await createPod('shop', pod(name, annotations, spec)), name)
  const stored = await get(`${podsOf('shop')}/${name}`)
  return (stored.spec.imagePullSecrets ?? []).map((entry: { name: string }) => entry.name)
}

describe('Secrets for the image of the agent', () => {
  it('are in a sealed Pod, and in no other', async () => {
    assert.deepEqual(await pullSecretsOf('sealed'), ['mirror'])
    assert.deepEqual(await pullSecretsOf('plain', {} as typeof BINDING), [])
  })

  it("come after the author's, and do not keep the service account's away", async () => {
    const own = { imagePullSecrets: [{ name: 'own' }] }
    assert.deepEqual(await pullSecretsOf('with-its-own', BINDING, own), ['own', 'mirror'])
    await patch('/api/v1/namespaces/shop/serviceaccounts/default', { imagePullSecrets: [{ name: 'team' }] })
    // The API server reads service accounts from a cache.
    await until('the API server has seen the change', async () => {
      const { body } = await createPod('shop', pod('seen', {}), '?dryRun=All')
      return body.spec.imagePullSecrets?.[0]?.name === 'team'
    })
    assert.deepEqual(await pullSecretsOf('of-an-account'), ['team', 'mirror'])
  })
})
