/**
 * Sessions and debug containers, asked for at a real API server. Its Pods have no node, so a permitted session fails
 * afterwards.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Answer, call, createPod, kubectl, MINOR, must, patch, podsOf, until } from '../support/cluster/cluster.ts'
import type { Installation } from '../support/cluster/installation.ts'
import { BINDING, pod } from '../support/cluster/pods.ts'
import { closeShop, openShop, PASSED } from '../support/cluster/shop.ts'

const REFUSED = /KernelSeal: sessions in the agent's container would see every secret of the Pod/

let webhook: Installation
before(async () => {
  webhook = await openShop()
  must(
    await createPod('shop', pod('open', { ...BINDING, 'kernelseal.io/allow-debug': 'true' })),
    'a Pod open to debugging',
  )
})
after(() => closeShop(webhook))

for (const verb of ['exec', 'attach']) {
  const session = (...flags: string[]) =>
    kubectl(['-n', 'shop', verb, 'web', ...flags, ...(verb === 'exec' ? ['--', 'id'] : [])])

  describe(`kubectl ${verb}`, () => {
    it('into the agent is refused, with the reason', async () => {
      const { status, stderr } = await session('-c', 'kernelseal-agent')
      assert.notEqual(status, 0)
      assert.match(stderr, REFUSED)
    })

    it('into the application is not', async () => {
      assert.match((await session('-c', 'app')).stderr, PASSED)
    })
  })
}

describe('the label kernelseal.io/allow-debug of a namespace', () => {
  const label = (value: string | null) =>
    patch('/api/v1/namespaces/shop', { metadata: { labels: { 'kernelseal.io/allow-debug': value } } })
  const session = async () =>
    (await kubectl(['-n', 'shop', 'exec', 'web', '-c', 'kernelseal-agent', '--', 'id'])).stderr

  it('opens the agent to sessions, and taking it away closes it', async () => {
    await label('true')
    await until('sessions pass', async () => PASSED.test(await session()), 10)
    await label(null)
    await until('sessions are refused', async () => REFUSED.test(await session()), 10)
  })
})

// Ephemeral containers are on by default from 1.23.
describe('a debug container', { skip: MINOR < 23 ? 'this server has no ephemeral containers' : false }, () => {
  it('beside a sealed Pod is refused, with the remedy', async () => {
    const { status, body } = await debug('web')
    assert.equal(status, 403)
    assert.match(body.message, /a debug container would share the processes of a sealed Pod.*allow-debug/)
  })

  it('is let in where the Pod allows it, with a warning', async () => {
    const { status, warnings } = await debug('open')
    assert.equal(status, 200)
    assert.match(warnings.join('\n'), /allowed by `allow-debug`/)
  })

  it('beside any other Pod is none of our business', async () => {
    assert.equal((await debug('plain')).status, 200)
  })
})

function debug(name: string): Promise<Answer> {
  const ephemeralContainers = [{ name: 'debugger', image: 'registry.example/debug:1', targetContainerName: 'app' }]
  const type = 'application/strategic-merge-patch+json'
  return call('PATCH', `${podsOf('shop')}/${name}/ephemeralcontainers`, { spec: { ephemeralContainers } }, type)
}
