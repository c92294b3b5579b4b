/** The ways round the gate that only an API server shows: by the webhook's own account, by other subresources, by labels. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import {
  type Answer,
  call,
  createPod,
  get,
  INJECTED,
  kubectl,
  MINOR,
  makeNamespace,
  must,
  patch,
  podsOf,
  until,
} from '../support/cluster/cluster.ts'
import { type Installation, MUTATING, SYSTEM, VALIDATING } from '../support/cluster/installation.ts'
import { BINDING, pod } from '../support/cluster/pods.ts'
import { closeShop, openShop, PASSED } from '../support/cluster/shop.ts'

const POD = `${podsOf('shop')}/web`
const JSON_PATCH = 'application/json-patch+json'
const MERGE = 'application/merge-patch+json'

let webhook: Installation
before(async () => {
  const resources = { requests: { cpu: '1m' } }
  webhook = await openShop({ containers: [{ name: 'app', image: 'registry.example/app:1', resources }] })
  await makeNamespace('elsewhere')
})
after(async () => {
  await call('DELETE', '/api/v1/namespaces/elsewhere')
  await closeShop(webhook)
})

const policies = { skip: MINOR < 30 ? 'this server has no ValidatingAdmissionPolicy' : false }
const refused = ({ status, body }: Answer, reason: RegExp): void => {
  assert.ok([400, 403, 422].includes(status), `${status} ${JSON.stringify(body)}`)
  assert.match(body.message, reason)
}

describe("the webhook's account, taken over", policies, () => {
  const account = `system:serviceaccount:${SYSTEM}:kernelseal-webhook`
  const asWebhook = (kind: string, operations: object[]) =>
    kubectl(['--as', account, 'patch', kind, 'kernelseal', '--type=json', '-p', JSON.stringify(operations)])
  const everything = [{ apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*/*'], scope: '*' }]
  const ATTEMPTS: readonly [what: string, operation: object][] = [
    ['ask about every object of the cluster', { op: 'replace', path: '/webhooks/0/rules', value: everything }],
    [
      'answer from an address of its own',
      { op: 'replace', path: '/webhooks/0/clientConfig', value: { url: 'https://10.77.0.66/' } },
    ],
    ['answer by another Service', { op: 'replace', path: '/webhooks/0/clientConfig/service/name', value: 'evil' }],
    ['look into the system', { op: 'remove', path: '/webhooks/0/namespaceSelector' }],
    ['let Pods pass that it cannot judge', { op: 'replace', path: '/webhooks/0/failurePolicy', value: 'Ignore' }],
    ['be asked without conditions', { op: 'remove', path: '/webhooks/0/matchConditions' }],
    ['leave a webhook out', { op: 'remove', path: '/webhooks/0' }],
    ['take longer', { op: 'replace', path: '/webhooks/0/timeoutSeconds', value: 30 }],
    [
      'have another owner',
      { op: 'add', path: '/metadata/annotations', value: { 'cert-manager.io/inject-ca-from': 'a/b' } },
    ],
  ]
  for (const kind of ['mutatingwebhookconfiguration', 'validatingwebhookconfiguration']) {
    for (const [what, operation] of ATTEMPTS) {
      it(`cannot make its ${kind} ${what}`, async () => {
        const { status, stderr } = await asWebhook(kind, [operation])
        assert.notEqual(status, 0)
        assert.match(stderr, /may change `caBundle` of its own configurations, and nothing else/)
      })
    }
  }

  for (const [what, kind, labels] of [
    ['forge a release of Helm', 'Secret', { owner: 'helm', name: 'kernelseal' }],
    ['make another Lease', 'Lease', {}],
  ] as const) {
    it(`cannot ${what}`, async () => {
      const apiVersion = kind === 'Secret' ? 'v1' : 'coordination.k8s.io/v1'
      const made = {
        apiVersion,
        kind,
        metadata: { name: 'sh.helm.release.v1.kernelseal.v9', namespace: SYSTEM, labels },
      }
      const { status, stderr } = await kubectl(['--as', account, 'create', '-f', '-'], JSON.stringify(made))
      assert.notEqual(status, 0)
      assert.match(
        stderr,
        /may keep `kernelseal-webhook-tls`, without labels or annotations of its own, and nothing else/,
      )
    })
  }

  it('cannot make its own Secret a release of Helm', async () => {
    const secret = await get(`/api/v1/namespaces/${SYSTEM}/secrets/kernelseal-webhook-tls`)
    const labelled = { ...secret, metadata: { ...secret.metadata, labels: { owner: 'helm', name: 'kernelseal' } } }
    const { status, stderr } = await kubectl(['--as', account, 'replace', '-f', '-'], JSON.stringify(labelled))
    assert.notEqual(status, 0)
    assert.match(stderr, /without labels or annotations of its own/)
  })

  it('can change the authority, its one purpose', async () => {
    for (const [kind, path] of [
      ['mutatingwebhookconfiguration', MUTATING],
      ['validatingwebhookconfiguration', VALIDATING],
    ] as const) {
      const { webhooks } = await get(path)
      const { caBundle } = webhooks[0].clientConfig
      const text = Buffer.from(`# changed\n${Buffer.from(caBundle, 'base64')}`).toString('base64')
      const ran = await asWebhook(kind, [{ op: 'replace', path: '/webhooks/0/clientConfig/caBundle', value: text }])
      assert.equal(ran.status, 0, ran.stderr)
    }
  })

  it('leaves administrators their hands', async () => {
    const change = { metadata: { labels: { changed: 'yes' } } }
    assert.equal((await call('PATCH', MUTATING, change, MERGE)).status, 200)
  })
})

describe('the annotations of a sealed Pod', policies, () => {
  const weaker = { metadata: { annotations: { 'kernelseal.io/mode': 'audit' } } }
  const own = { metadata: { annotations: { 'example.org/seen': String(MINOR) } } }

  it('are checked when they change', async () => {
    const wrong = { metadata: { annotations: { 'kernelseal.io/mode': 'enforcd' } } }
    refused(await call('PATCH', `${POD}?dryRun=All`, wrong, MERGE), /annotations cannot be used.*`enforcd`/)
    const users = { metadata: { annotations: { 'io.kubernetes.cri-o.userns-mode': 'auto' } } }
    refused(await call('PATCH', `${POD}?dryRun=All`, users, MERGE), /the Pod has users of its own/)
    const status = { metadata: { annotations: { 'kernelseal.io/status': null } } }
    refused(
      await call('PATCH', `${POD}?dryRun=All`, status, MERGE),
      /follows the placeholders of the running containers/,
    )
  })

  it('may become weaker, with a warning', async () => {
    const { status, warnings } = await call('PATCH', `${POD}?dryRun=All`, weaker, MERGE)
    assert.equal(status, 200)
    assert.match(warnings.join('\n'), /protection becomes weaker: `mode` from enforce to audit/)
  })

  it('cannot become weaker where policies are locked', async () => {
    await webhook.setEnv({ KSEAL_AGENT_LOCK_POLICY: 'true' })
    // A replica of before is asked on connections that are still open, until it ends.
    const answer = await until('no replica of before is asked', async () => {
      const answer = await call('PATCH', `${POD}?dryRun=All`, weaker, MERGE)
      return answer.status === 200 ? undefined : answer
    })
    refused(answer, /policy of running Pods is locked/)
    await webhook.setEnv({ KSEAL_AGENT_LOCK_POLICY: 'false' })
  })

  it("are not changed by the Pod's status", async () => {
    refused(await call('PATCH', `${POD}/status?dryRun=All`, weaker, MERGE), /changed by `pods` alone/)
    const gone = { metadata: { annotations: { 'kernelseal.io/mode': null } } }
    refused(await call('PATCH', `${POD}/status?dryRun=All`, gone, MERGE), /changed by `pods` alone/)
    assert.equal((await call('PATCH', `${POD}/status?dryRun=All`, own, MERGE)).status, 200)
    const phase = { status: { message: 'as the kubelet writes it' } }
    assert.equal((await call('PATCH', `${POD}/status?dryRun=All`, phase, MERGE)).status, 200)
  })

  for (const [what, path] of [
    ["the Pod's binding", `${podsOf('shop')}/plain/binding`],
    ['a Binding', '/api/v1/namespaces/shop/bindings'],
  ] as const) {
    it(`are not written by ${what}`, async () => {
      const binding = (annotations: object) => ({
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: { name: 'plain', annotations },
        target: { apiVersion: 'v1', kind: 'Node', name: 'nowhere' },
      })
      refused(
        await call('POST', `${path}?dryRun=All`, binding({ 'kernelseal.io/mode': 'audit' })),
        /not for a scheduler/,
      )
      assert.equal((await call('POST', `${path}?dryRun=All`, binding({ 'example.org/a': 'b' }))).status, 201)
    })
  }

  it('that are not ours, and those of other Pods, are nothing to us', async () => {
    assert.equal((await call('PATCH', `${POD}?dryRun=All`, own, MERGE)).status, 200)
    const wrong = { metadata: { annotations: { 'kernelseal.io/mode': 'enforcd' } } }
    assert.equal((await call('PATCH', `${podsOf('shop')}/plain?dryRun=All`, wrong, MERGE)).status, 200)
  })
})

describe('the PriorityClass of the webhook', policies, () => {
  it('is reserved for it', async () => {
    const wanted = pod('important', {}, { priorityClassName: 'kernelseal-webhook' })
    for (const namespace of ['shop', 'elsewhere']) {
      refused(await createPod(namespace, wanted, '?dryRun=All'), /is reserved for the KernelSeal webhook/)
    }
  })
})

// pods/resize: KEP-1287, on by default from 1.33.
describe('pods/resize', { skip: MINOR < 33 ? 'this server cannot resize Pods' : false }, () => {
  const resize = (list: string, path: string, value: string): Promise<Answer> =>
    call(
      'PATCH',
      `${POD}/resize?dryRun=All`,
      [{ op: 'replace', path: `/spec/${list}/0/resources/${path}`, value }],
      JSON_PATCH,
    )

  it('does not starve the agent', async () => {
    refused(await resize('initContainers', 'limits/memory', '128Mi'), /other resources could end it/)
  })

  // KEP-5419: the server refuses it by itself where this is off.
  it('does not starve the agent by limits of the whole Pod', { skip: MINOR < 35 }, async () => {
    const whole = (memory: string): Promise<Answer> => {
      const spec = { resources: { limits: { memory } } }
      return call(
        'PATCH',
        `${podsOf('shop')}/whole/resize?dryRun=All`,
        { spec },
        'application/strategic-merge-patch+json',
      )
    }
    const resources = { requests: { memory: '400Mi' }, limits: { memory: '1Gi' } }
    must(await createPod('shop', pod('whole', BINDING, { resources })), 'a Pod with limits of its own')
    refused(await whole('500Mi'), /limits of the whole Pod hold for the KernelSeal agent too/)
    const { status, body } = await whole('2Gi')
    assert.equal(status, 200, JSON.stringify(body))
  })

  it('is free for the application', async () => {
    const { status, body } = await resize('containers', 'requests/cpu', '2m')
    assert.equal(status, 200, JSON.stringify(body))
  })
})

describe('a Pod that does not say that it binds secrets', () => {
  it('is refused where it has a container by the name of the agent, as a copy of a sealed Pod has', async () => {
    const spec = { containers: [{ name: 'kernelseal-agent', image: 'registry.example/other:1' }] }
    refused(await createPod('shop', pod('copy', {}, spec), '?dryRun=All'), /has the agent and binds no secrets/)
  })

  it('is refused where it opts out and has such a container', async () => {
    const spec = { containers: [{ name: 'kernelseal-agent', image: 'registry.example/other:1' }] }
    const out = pod('out', { 'kernelseal.io/inject': 'false' }, spec)
    refused(await createPod('shop', out, '?dryRun=All'), /opts out and has the agent/)
  })

  it('is warned where it says so by a label, which means nothing', async () => {
    const labelled = pod('labelled', {})
    labelled.metadata.labels = { 'kernelseal.io/seal-env': 'true' }
    const { status, warnings } = await createPod('shop', labelled, '?dryRun=All')
    assert.equal(status, 201)
    assert.match(warnings.join('\n'), /label `kernelseal\.io\/seal-env`/)
  })

  it('is warned where the key has capitals, which the server takes', async () => {
    const { status, warnings } = await createPod(
      'shop',
      pod('capitals', { 'KernelSeal.io/seal-env': 'true' }),
      '?dryRun=All',
    )
    assert.equal(status, 201)
    assert.match(warnings.join('\n'), /annotation `KernelSeal\.io\/seal-env` means nothing/)
  })

  it('is created without a question where it has nothing of ours', async () => {
    assert.equal((await createPod('shop', pod('nothing', {}), '?dryRun=All')).status, 201)
  })
})

describe('without a container of its own', () => {
  it('a Pod is refused', async () => {
    const containers = [{ name: 'kernelseal-agent', image: 'registry.example/app:1' }]
    refused(await createPod('shop', pod('bare', BINDING, { containers }), '?dryRun=All'), /no container but the agent/)
  })

  it('a session enters the application, or nothing', async () => {
    const { body } = await call('POST', `${POD}/exec?command=id&stdout=true`)
    assert.match(body.message, MINOR < 29 ? /a container name must be specified|without a container/ : PASSED)
  })
})

describe('a namespace whose label is taken off', policies, () => {
  before(async () => {
    await patch('/api/v1/namespaces/shop', { metadata: { labels: { 'kernelseal.io/injection': null } } })
    await until('Pods are no longer asked about', async () => {
      const { body } = await createPod('shop', pod('unsealed'), '?dryRun=All')
      return body.spec?.initContainers === undefined
    })
  })
  after(() => patch('/api/v1/namespaces/shop', { metadata: { labels: INJECTED } }))

  it('keeps sessions out of running agents', async () => {
    const { stderr } = await kubectl(['-n', 'shop', 'exec', 'web', '-c', 'kernelseal-agent', '--', 'id'])
    assert.match(stderr, /would see every secret of the Pod/)
    assert.match((await kubectl(['-n', 'shop', 'exec', 'web', '-c', 'app', '--', 'id'])).stderr, PASSED)
  })

  it('keeps debug containers away from sealed Pods', async () => {
    const ephemeralContainers = [{ name: 'debugger', image: 'registry.example/debug:1', targetContainerName: 'app' }]
    const type = 'application/strategic-merge-patch+json'
    const debug = (name: string) =>
      call('PATCH', `${podsOf('shop')}/${name}/ephemeralcontainers?dryRun=All`, { spec: { ephemeralContainers } }, type)
    refused(await debug('web'), /would share the processes of a sealed Pod/)
    assert.equal((await debug('plain')).status, 200)
  })

  it("keeps other images out of the agent's place", async () => {
    const change = [{ op: 'replace', path: '/spec/initContainers/0/image', value: 'registry.example/dump:1' }]
    refused(await call('PATCH', `${POD}?dryRun=All`, change, JSON_PATCH), /its capabilities and the Pod's Secrets/)
  })

  it('keeps weakening changes visible', async () => {
    const weaker = { metadata: { annotations: { 'kernelseal.io/mode': 'disabled' } } }
    await until('replicas that lock no policy are asked', async () => {
      const { warnings } = await call('PATCH', `${POD}?dryRun=All`, weaker, MERGE)
      return /protection becomes weaker/.test(warnings.join('\n'))
    })
  })
})
