/** deploy/pod-policy: the right to create Pods beside sealed ones is not root of the node. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import {
  type Answer,
  type Any,
  call,
  createPod,
  get,
  MINOR,
  makeNamespace,
  must,
  patch,
  podsOf,
  until,
} from '../support/cluster/cluster.ts'
import { type Installation, kustomized } from '../support/cluster/installation.ts'
import { BINDING, hasAgent, pod } from '../support/cluster/pods.ts'
import { closeShop, openShop } from '../support/cluster/shop.ts'

const FOLDER = 'deploy/pod-policy'
const POLICY = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/kernelseal-pods'

const app = { name: 'app', image: 'registry.example/app:1' }
const withContext = (securityContext: object) => ({ containers: [{ ...app, securityContext }] })
const withPath = (path: string, name = 'node') => ({
  volumes: [{ name, hostPath: { path, type: 'Directory' } }],
  containers: [{ ...app, volumeMounts: [{ name, mountPath: '/node' }] }],
})
/** By the name of ours, with the rights of ours. */
const impostor = {
  initContainers: [
    { ...app, name: 'kernelseal-agent', restartPolicy: 'Always', securityContext: { privileged: true } },
  ],
  containers: [app],
}

/** The webhook refuses it in all but copies of static Pods, of which the server wants a node's name. */
const STATIC = { 'kubernetes.io/config.mirror': 'x' }
const copy = { ...impostor, nodeName: 'nowhere' }

const WAYS: readonly [what: string, spec: object, reason: RegExp][] = [
  ["the kubelet's folders", withPath('/var/lib/kubelet/pods'), /shows? every bound Secret of the node/],
  ["the runtime's socket", withPath('/run/containerd'), /may not use `hostPath`/],
  ['pins, by the name of a volume of ours', withPath('/sys/fs/bpf', 'kernelseal-bpffs'), /may not use `hostPath`/],
  ["the node's processes", { hostPID: true }, /may not use `hostPID`/],
  ["the node's shared memory", { hostIPC: true }, /`hostIPC`/],
  ["the node's network", { hostNetwork: true }, /`hostNetwork`/],
  ['all rights', withContext({ privileged: true }), /may not be `privileged`/],
  ['a capability', withContext({ capabilities: { add: ['NET_BIND_SERVICE', 'SYS_ADMIN'] } }), /no capability beyond/],
  ['every capability', withContext({ capabilities: { add: ['ALL'] } }), /no capability beyond/],
  [
    'an init container',
    { containers: [app], initContainers: [{ ...app, name: 'first', securityContext: { privileged: true } }] },
    /may not be `privileged`/,
  ],
]

const create = (spec: object, annotations: Record<string, string> = {}): Promise<Answer> =>
  createPod('shop', pod('taken', annotations, spec), '?dryRun=All')

describe('the policy for Pods', { skip: MINOR < 30 ? 'this server has no ValidatingAdmissionPolicy' : false }, () => {
  let webhook: Installation
  before(async () => {
    webhook = await openShop()
    await makeNamespace('elsewhere')
    for (const [what, spec] of WAYS) must(await create(spec), `without the policy, ${what}`)
    must(await create(copy, STATIC), 'without the policy, a container by the name of the agent')
    await kustomized('apply', FOLDER)
    await until('it is in force', async () => (await create({ hostPID: true })).status === 403)
  })
  after(async () => {
    await kustomized('delete', FOLDER)
    await call('DELETE', '/api/v1/namespaces/elsewhere')
    await closeShop(webhook)
  })

  for (const [what, spec, reason] of WAYS) {
    it(`keeps ${what} from authors of Pods`, async () => {
      const { status, body } = await create(spec)
      assert.equal(status, 403, JSON.stringify(body))
      assert.match(body.message, reason)
    })
  }

  it('keeps a container by the name of the agent from a copy of a static Pod', async () => {
    const { status, body } = await create(copy, STATIC)
    assert.equal(status, 403, JSON.stringify(body))
    assert.match(body.message, /may not be `privileged`/)
  })

  const forged = JSON.stringify({ version: 'v1', nonce: '0'.repeat(32), hash: '0'.repeat(64), containers: ['app'] })
  for (const [what, annotations] of [
    ['that claims to be sealed', {}],
    ['that opts out', { 'kernelseal.io/inject': 'false' }],
    ['that claims to be a copy of a static one', STATIC],
  ] as const) {
    it(`is not taken in by a Pod ${what}`, async () => {
      const { status, body } = await create(copy, { ...annotations, 'kernelseal.io/status': forged })
      assert.equal(status, 403, JSON.stringify(body))
    })
  }

  it('lets sealed Pods in, and the needs of others', async () => {
    const { status, body } = await create({ containers: [app] }, BINDING)
    assert.equal(status, 201, JSON.stringify(body))
    assert.ok(hasAgent(body))
    const ordinary = {
      securityContext: { runAsUser: 0 },
      volumes: [{ name: 'data', emptyDir: {} }],
      ...withContext({ capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] } }),
    }
    assert.equal((await create(ordinary)).status, 201)
    assert.equal((await createPod('elsewhere', pod('free', {}, { hostPID: true }), '?dryRun=All')).status, 201)
  })

  it('holds a sealed Pod’s other containers to the same', async () => {
    const { status, body } = await create(withContext({ privileged: true }), BINDING)
    assert.equal(status, 403)
    assert.match(body.message, /may not be `privileged`/)
  })

  it('holds debug containers to the same, those of sealed Pods that allow them included', async () => {
    const debug = (name: string, more: object): Promise<Answer> => {
      const ephemeralContainers = [{ name: 'debugger', image: 'registry.example/debug:1', ...more }]
      const type = 'application/strategic-merge-patch+json'
      const path = `${podsOf('shop')}/${name}/ephemeralcontainers?dryRun=All`
      return call('PATCH', path, { spec: { ephemeralContainers } }, type)
    }
    assert.equal((await debug('plain', {})).status, 200)
    assert.match((await debug('plain', { securityContext: { privileged: true } })).body.message, /not be `privileged`/)
    await patch(`${podsOf('shop')}/web`, { metadata: { annotations: { 'kernelseal.io/allow-debug': 'true' } } })
    assert.equal((await debug('web', {})).status, 200)
    const volumeMounts = [{ name: 'kernelseal-bpffs', mountPath: '/pins' }]
    assert.match((await debug('web', { volumeMounts })).body.message, /may not use `hostPath`/)
  })

  it('is understood whole by the server', async () => {
    const checked = await until('its types are checked', async () => {
      const { status }: Any = await get(POLICY)
      return status?.typeChecking
    })
    assert.deepEqual(checked.expressionWarnings ?? [], [])
  })
})
