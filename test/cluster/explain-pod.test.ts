/** `kernelseal explain pod`: why a Pod that runs has the agent, or has none. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { call, createPod, INJECTED, makeNamespace, must, patch, until } from '../support/cluster/cluster.ts'
import { AGENT_IMAGE, kernelseal } from '../support/cluster/command.ts'
import { type Installation, MUTATING } from '../support/cluster/installation.ts'
import { BINDING, pod } from '../support/cluster/pods.ts'
import { closeShop, openShop } from '../support/cluster/shop.ts'

let webhook: Installation
before(async () => {
  await makeNamespace('unlabelled')
  must(await createPod('unlabelled', pod('web')), 'a Pod that is not looked at')
  await makeNamespace('later')
  must(await createPod('later', pod('web')), 'a Pod of before')
  // The server tells times by whole seconds.
  await sleep(1100)
  webhook = await openShop()
  must(await createPod('shop', pod('out', { ...BINDING, 'kernelseal.io/inject': 'false' })), 'a Pod that opts out')
  await patch('/api/v1/namespaces/later', { metadata: { labels: INJECTED } })
})
after(async () => {
  for (const name of ['unlabelled', 'later']) await call('DELETE', `/api/v1/namespaces/${name}`)
  await closeShop(webhook)
})

const explained = (name: string, namespace: string, ...more: string[]) =>
  kernelseal('explain', 'pod', name, '-n', namespace, ...more)

describe('kernelseal explain pod', () => {
  it('says of a sealed Pod how its agent stands, and its bindings', async () => {
    const { status, stdout, stderr } = await explained('web', 'shop')
    assert.equal(status, 0, stderr)
    assert.match(
      stdout,
      new RegExp(`^Pod shop/web: injected\n {2}its agent ${AGENT_IMAGE} is not ready, and the Pod has no node yet\n`),
    )
    assert.match(stdout, /^ {2}made anew: injected \(injected\): /m)
    assert.match(stdout, /PGPASSWORD.*db-credentials/)
  })

  it('says of one that is older than the webhook that it is, and the cure', async () => {
    const { status, stdout } = await explained('web', 'later')
    assert.equal(status, 1)
    assert.match(
      stdout,
      /^Pod later\/web: not injected\n {2}binds secrets, made before the webhook\n {2}fix: make it anew/,
    )
    assert.match(stdout, /^ {2}made anew: injected/m)
  })

  it('says of a namespace without the label that it has none', async () => {
    const { status, stdout } = await explained('web', 'unlabelled')
    assert.equal(status, 1)
    assert.match(stdout, /namespace `unlabelled` has no label `kernelseal\.io\/injection: enabled`/)
    assert.match(
      stdout,
      /fix: kubectl label --overwrite namespace unlabelled kernelseal\.io\/injection=enabled; make it anew/,
    )
    assert.match(stdout, /made anew: not injected \(not-called\)/)
  })

  it('says of Pods that want none that they do', async () => {
    const out = await explained('out', 'shop', '--json')
    assert.equal(out.status, 0)
    const { decision, because, again } = JSON.parse(out.stdout)
    assert.deepEqual([decision, again.reason], ['not injected', 'opted-out'])
    assert.match(because, /opts out/)
    assert.match((await explained('plain', 'shop')).stdout, /not injected\n {2}the Pod binds no secrets\n/)
  })

  it('says what would meet the Pod if it were made now', async () => {
    const label = (value: string | null) =>
      patch('/api/v1/namespaces/shop', { metadata: { labels: { 'pod-security.kubernetes.io/enforce': value } } })
    await label('restricted')
    const { status, stdout } = await explained('web', 'shop')
    assert.equal(status, 1)
    assert.match(stdout, /^Pod shop\/web: injected$/m)
    assert.match(stdout, /made anew: refused \(pod-security\)/)
    await label(null)
    const { webhooks } = (await call('GET', MUTATING)).body
    await patch(MUTATING, { webhooks: [{ ...webhooks[0], failurePolicy: 'Ignore' }] })
    assert.match((await explained('web', 'shop')).stdout, /now: failurePolicy is Ignore/)
    must(await call('DELETE', MUTATING), 'its end')
    await until('it is said that there is none', async () =>
      /now: there is no webhook/.test((await explained('web', 'later')).stdout),
    )
  })

  it('knows no Pod that is not there, and no files beside it: status 2', async () => {
    for (const [args, message] of [
      [['pod', 'none', '-n', 'shop'], /there is no Pod `none` in namespace `shop`/],
      [['pod', 'web', '-f', 'x.yaml'], /`--filename` is for files/],
      [['deployment', 'web'], /`deployment` is not `pod NAME`/],
      [['pod'], /`explain pod` lacks the name of the Pod/],
    ] as const) {
      const { status, stderr } = await kernelseal('explain', ...args)
      assert.equal(status, 2)
      assert.match(stderr, message)
    }
  })
})
