/** The ValidatingAdmissionPolicy: the API server's own refusals, without the webhook's work. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { NOTHING_TO_SEAL } from '../../webhook/mutate/inject.ts'
import {
  type Answer,
  call,
  createPod,
  INJECTED,
  MINOR,
  makeNamespace,
  must,
  patch,
  until,
} from '../support/cluster/cluster.ts'
import { type Installation, install, MUTATING } from '../support/cluster/installation.ts'
import { BINDING, pod } from '../support/cluster/pods.ts'

const REASON =
  /ValidatingAdmissionPolicy 'kernelseal-agent-present'.*denied request: the Pod binds secrets .* and has no agent/

describe('the agent policy', { skip: MINOR < 30 ? 'this server has no ValidatingAdmissionPolicy' : false }, () => {
  let webhook: Installation
  before(async () => {
    webhook = await install()
    await makeNamespace('shop', INJECTED)
    await makeNamespace('elsewhere')
    // The configuration is removed, and nothing is injected any more.
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

  const env = [{ name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }]
  const using = [{ name: 'app', image: 'registry.example/app:1', env }]
  const sealing = (sealEnv: string, spec: object, more: Record<string, string> = {}): Promise<Answer> =>
    createPod('shop', pod('sealed', { 'kernelseal.io/seal-env': sealEnv, ...more }, spec), '?dryRun=All')

  for (const sealEnv of ['true', 'strict', 'app', 'strict, app', ' true']) {
    it(`refuses a reference that seal-env \`${sealEnv}\` should have taken out`, async () => {
      assert.equal((await sealing(sealEnv, { containers: using })).status, 403)
    })
  }

  it('refuses it in an init container too', async () => {
    assert.equal((await sealing('true', { initContainers: using.map((c) => ({ ...c, name: 'init' })) })).status, 403)
  })

  it('lets in Pods in which the webhook found nothing to seal', async () => {
    const { status } = await sealing('true', { containers: using }, { 'kernelseal.io/status': NOTHING_TO_SEAL })
    assert.equal(status, 201)
  })

  it('refuses another image for a running agent, and lets other changes through', async () => {
    // Scheduled nowhere, so that it stays as it is.
    const initContainers = [{ name: 'kernelseal-agent', image: 'registry.example/agent:1', restartPolicy: 'Always' }]
    const spec = {
      initContainers,
      shareProcessNamespace: true,
      containers: [{ name: 'app', image: 'registry.example/app:1' }],
    }
    const { status, body } = await createPod('shop', pod('running', BINDING, spec), '?dryRun=All')
    assert.equal(status, 403, 'the webhook was not asked')
    assert.match(body.message, /has no `kernelseal.io\/status` beside its `kernelseal-agent`/)
    must(await createPod('shop', pod('running', { ...BINDING, 'kernelseal.io/status': '{}' }, spec)), 'the Pod')
    const change = (list: string, value: string): Promise<Answer> => {
      const patch = [{ op: 'replace', path: `/spec/${list}/0/image`, value }]
      const path = '/api/v1/namespaces/shop/pods/running?dryRun=All'
      return call('PATCH', path, patch, 'application/json-patch+json')
    }
    const refused = await until('the policy is in force', async () => {
      const answer = await change('initContainers', 'registry.example/dump:1')
      return answer.status === 403 ? answer : undefined
    })
    assert.match(refused.body.message, /its capabilities and the Pod's Secrets/)
    assert.equal((await change('containers', 'registry.example/app:2')).status, 200)
    await patch('/api/v1/namespaces/shop', { metadata: { labels: { 'kernelseal.io/allow-debug': 'true' } } })
    await until('it is allowed', async () => (await change('initContainers', 'registry.example/dump:1')).status === 200)
  })

  it('refuses an agent that cannot see the processes it serves', async () => {
    const initContainers = [{ name: 'kernelseal-agent', image: 'registry.example/agent:1', restartPolicy: 'Always' }]
    const { status, body } = await createPod('shop', pod('blind', BINDING, { initContainers }), '?dryRun=All')
    assert.equal(status, 403)
    assert.match(body.message, /needs `shareProcessNamespace`/)
  })

  it('refuses seal-env without the word of the webhook that there is nothing to seal', async () => {
    // By envFrom, for example, which is not for a policy to judge.
    const { status, body } = await bare('unasked', { 'kernelseal.io/seal-env': 'true' })
    assert.equal(status, 403)
    assert.match(body.message, /the KernelSeal webhook was not called/)
  })

  for (const [what, annotations] of [
    ['says nothing to KernelSeal', {}],
    ['opts out', { ...BINDING, 'kernelseal.io/inject': 'false' }],
    ['opts out by seal-env: false', { 'kernelseal.io/seal-env': 'false' }],
  ] as const) {
    it(`lets in a Pod that ${what}`, async () => {
      assert.equal((await bare('let-in', annotations)).status, 201)
    })
  }

  it('looks at no namespace that did not opt in', async () => {
    assert.equal((await createPod('elsewhere', pod('bound'))).status, 201)
  })
})
