/** Pods not created by hand: the control plane's own controllers make them from templates. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import {
  type Any,
  call,
  get,
  INJECTED,
  kubectl,
  makeNamespace,
  must,
  podsOf,
  until,
} from '../support/cluster/cluster.ts'
import { type Installation, install } from '../support/cluster/installation.ts'
import { assertInjected, BINDING, pod } from '../support/cluster/pods.ts'

let webhook: Installation
before(async () => {
  webhook = await install()
  await makeNamespace('shop', INJECTED)
})
after(async () => {
  await call('DELETE', '/api/v1/namespaces/shop')
  await webhook.remove()
})

const labels = (app: string) => ({ matchLabels: { app } })
const template = (app: string, spec: object = {}) => ({
  metadata: { labels: { app }, annotations: BINDING },
  spec: { ...pod('').spec, ...spec },
})
const deployment = (app: string, spec: object = {}) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: app },
  spec: { replicas: 2, selector: labels(app), template: template(app, spec) },
})

const podsMade = (selector: string, count: number) =>
  until(`there are ${count} Pods with ${selector}`, async () => {
    const { items } = await get(`${podsOf('shop')}?labelSelector=${encodeURIComponent(selector)}`)
    return items.length === count && (items as Any[])
  })

describe('a Deployment', () => {
  it('has all its Pods injected', async () => {
    must(await call('POST', '/apis/apps/v1/namespaces/shop/deployments', deployment('web')), 'a Deployment')
    for (const made of await podsMade('app=web', 2)) assertInjected(made)
  })

  it('applied server-side again changes nothing, neither itself nor its Pods', async () => {
    const apply = () =>
      kubectl(['apply', '--server-side', '-n', 'shop', '-o', 'json', '-f', '-'], JSON.stringify(deployment('ssa')))
    const first = JSON.parse((await apply()).stdout)
    const before = (await podsMade('app=ssa', 2)).map(({ metadata }) => metadata.uid)
    const second = JSON.parse((await apply()).stdout)
    assert.equal(second.metadata.generation, first.metadata.generation)
    assert.deepEqual(
      (await podsMade('app=ssa', 2)).map(({ metadata }) => metadata.uid),
      before,
    )
  })

  it('whose Pods are refused says why in an event', async () => {
    must(
      await call('POST', '/apis/apps/v1/namespaces/shop/deployments', deployment('host', { hostPID: true })),
      'a Deployment',
    )
    const event = await until('an event tells of it', async () => {
      const { items } = await get('/api/v1/namespaces/shop/events?fieldSelector=reason%3DFailedCreate')
      return items.find(({ message }: Any) => /hostPID/.test(message))
    })
    assert.match(
      event.message,
      /denied the request: KernelSeal: `spec.hostPID` is set, .* \(remove `hostPID`; see docs\/troubleshooting/,
    )
  })
})

describe('a Job', () => {
  it('has its Pod injected', async () => {
    const job = { metadata: { name: 'once' }, spec: { template: template('once', { restartPolicy: 'Never' }) } }
    must(await call('POST', '/apis/batch/v1/namespaces/shop/jobs', job), 'a Job')
    for (const made of await podsMade('app=once', 1)) assertInjected(made)
  })
})

describe('a Pod applied server-side', () => {
  it('is the same Pod when it is applied again', async () => {
    const apply = () =>
      kubectl(['apply', '--server-side', '-n', 'shop', '-o', 'json', '-f', '-'], JSON.stringify(pod('single')))
    const first = await apply()
    assertInjected(JSON.parse(first.stdout))
    const second = await apply()
    assert.equal(second.status, 0, second.stderr)
    const [one, two] = [first, second].map(({ stdout }) => JSON.parse(stdout))
    assert.equal(two.metadata.uid, one.metadata.uid)
    assert.deepEqual(two.spec, one.spec)
  })
})
