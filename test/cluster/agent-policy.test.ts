/** The ValidatingAdmissionPolicy: what the API server itself refuses, whatever became of the webhook's work. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Answer, call, createPod, INJECTED, MINOR, makeNamespace, must, until } from './cluster.ts'
import { type Installation, install, MUTATING } from './installation.ts'
import { BINDING, pod } from './pods.ts'

const REASON =
  /ValidatingAdmissionPolicy 'kernelseal-agent-present'.*denied request: the Pod binds secrets .* and has no agent/

describe('the agent policy', { skip: MINOR < 30 ? 'this server has no ValidatingAdmissionPolicy' : false }, () => {
  let webhook: Installation
  before(async () => {
    webhook = await install()
    await makeNamespace('shop', INJECTED)
    await makeNamespace('elsewhere')
    // Somebody removes the configuration, and nothing is injected any more.
    must(await call('DELETE', MUTATING), 'the configuration')
    // Policies come into force some time after they are stored.
    await until('Pods without an agent are refused', async () => (await bare('first')).status !== 201)
  })
  after(async () => {
    for (const name of ['shop', 'elsewhere']) await call('DELETE', `/api/v1/namespaces/${name}`)
    await webhook.remove()
  })

  const bare = (name: string, annotations?: Record<string, string>): Promise<Answer> =>
    createPod('shop', pod(name, annotations), '?dryRun=All')

  for (const [what, annotations] of [
    ['a short form', BINDING],
    ['bindings', { 'kernelseal.io/bindings': '[]' }],
  ] as const) {
    it(`refuses a Pod with ${what} and no agent`, async () => {
      const { status, body } = await bare('bound', annotations)
      assert.equal(status, 403)
      assert.match(body.message, REASON)
    })
  }

  it('refuses a reference that seal-env should have taken out', async () => {
    const env = [{ name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }]
    const containers = [{ name: 'app', image: 'registry.example/app:1', env }]
    const { status } = await createPod(
      'shop',
      pod('sealed', { 'kernelseal.io/seal-env': 'true' }, { containers }),
      '?dryRun=All',
    )
    assert.equal(status, 403)
  })

  it('refuses an agent that cannot see the processes it serves', async () => {
    const initContainers = [{ name: 'kernelseal-agent', image: 'registry.example/agent:1', restartPolicy: 'Always' }]
    const { status, body } = await createPod('shop', pod('blind', BINDING, { initContainers }), '?dryRun=All')
    assert.equal(status, 403)
    assert.match(body.message, /needs `shareProcessNamespace`/)
  })

  for (const [what, annotations] of [
    ['says nothing to KernelSeal', {}],
    ['opts out', { ...BINDING, 'kernelseal.io/inject': 'false' }],
    ['opts out by seal-env of nothing', { 'kernelseal.io/seal-env': 'true' }],
  ] as const) {
    it(`lets in a Pod that ${what}`, async () => {
      assert.equal((await bare('let-in', annotations)).status, 201)
    })
  }

  it('looks at no namespace that did not opt in', async () => {
    assert.equal((await createPod('elsewhere', pod('bound'))).status, 201)
  })
})
