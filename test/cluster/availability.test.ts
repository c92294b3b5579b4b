/** Two replicas behind their Service while 200 Pods a second are created: rollouts, a replica that is killed, none at all. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { call, createPod, get, INJECTED, kubectl, makeNamespace, podsOf, until } from '../support/cluster/cluster.ts'
import { DEPLOYMENT, type Installation, install, rolledOut, SYSTEM } from '../support/cluster/installation.ts'
import { figures, RATE, underLoad } from '../support/cluster/load.ts'
import { assertInjected, hasAgent, pod } from '../support/cluster/pods.ts'

let webhook: Installation
before(async () => {
  webhook = await install()
  await makeNamespace('shop', INJECTED)
  await makeNamespace('elsewhere')
})
after(async () => {
  for (const name of ['shop', 'elsewhere']) await call('DELETE', `/api/v1/namespaces/${name}`)
  await webhook.remove()
})

describe(`under ${RATE} Pods a second`, () => {
  it('a rolling restart of both replicas fails none of them', async (test) => {
    const old = webhook.pods().map(({ name }) => name)
    const tally = await underLoad('shop', async () => {
      await sleep(1_000)
      const ran = await kubectl(['-n', SYSTEM, 'rollout', 'restart', 'deployment/kernelseal-webhook'])
      assert.equal(ran.status, 0, ran.stderr)
      await until('the restart has begun', async () => webhook.pods().some(({ name }) => !old.includes(name)))
      await rolledOut()
      await until('the old replicas are gone', async () => webhook.pods().every(({ name }) => !old.includes(name)))
      await sleep(1_000)
    })
    test.diagnostic(figures(tally))
    assert.equal(webhook.pods().length, 2)
    assert.deepEqual([tally.wrong, tally.failed], [0, []])
    assert.equal(tally.right, tally.sent)
  })

  it('a replica killed with SIGKILL makes no wrong decision', async (test) => {
    const [victim] = webhook.pods()
    const tally = await underLoad('shop', async () => {
      await sleep(1_000)
      victim!.kill()
      await until('it is started again', async () => victim!.restarts === 1 && victim!.ready)
      await sleep(1_000)
    })
    test.diagnostic(figures(tally))
    assert.equal(tally.wrong, 0)
    assert.equal(tally.right + tally.failed.length, tally.sent)
    // A refusal under failurePolicy Fail is not a wrong decision, but most Pods should never notice.
    assert.ok(tally.right > tally.sent * 0.5, figures(tally))
  })
})

describe('with no replica at all', () => {
  before(async () => {
    const ran = await kubectl(['-n', SYSTEM, 'scale', 'deployment/kernelseal-webhook', '--replicas=0'])
    assert.equal(ran.status, 0, ran.stderr)
    // A Pod is deleted after its process: one that drains goes on answering, so a first failure does not mean that all are gone.
    await until('all replicas are gone', async () => (await get(podsOf(SYSTEM))).items.length === 0)
    await until('nothing answers', async () => (await createPod('shop', pod('probe'), '?dryRun=All')).status !== 201)
  })

  it('a namespace that opted in fails closed', async () => {
    const { status, body } = await createPod('shop', pod('held-up'))
    assert.equal(status, 500)
    assert.match(body.message, /failed calling webhook "inject.kernelseal.io"/)
  })

  it('any other namespace never notices', async () => {
    const { status, body } = await createPod('elsewhere', pod('free'))
    assert.equal(status, 201)
    assert.equal(hasAgent(body), false)
  })

  it('the replicas come back on their own, and the namespace with them', async () => {
    await call('PATCH', DEPLOYMENT, { spec: { replicas: 2 } }, 'application/merge-patch+json')
    const body = await until('Pods are created again', async () => {
      const answer = await createPod('shop', pod('again'), '?dryRun=All')
      return answer.status === 201 && answer.body
    })
    assertInjected(body)
  })
})
