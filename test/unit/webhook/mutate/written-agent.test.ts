/** An agent that stands in the Pod before the webhook looks: of an earlier pass, or by the author's own hand. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { quantityOf } from '../../../../webhook/mutate/pod/quantity.ts'
import { CLUSTER, inject, NONCE, OLD_CLUSTER, patched } from '../fixtures.ts'

const POD = {
  metadata: { annotations: { 'secret.kernelseal.io/TOKEN': 'secret/api/token' } },
  spec: { containers: [{ name: 'app', image: 'app' }] },
}
interface Injected {
  spec: { containers: object[]; initContainers: { resources: Record<string, unknown>; env: object[] }[] }
}

/** @param change the change of the agent between two passes */
function changedPod(change: (agent: Injected['spec']['initContainers'][0]) => void): Injected {
  const pod = structuredClone(firstPass())
  change(pod.spec.initContainers[0]!)
  return pod
}

const again = (change: Parameters<typeof changedPod>[0]) => inject(changedPod(change))

function firstPass(): Injected {
  const first = inject(POD)
  return patched(POD, first.kind === 'inject' ? first.operations : []) as Injected
}

describe('the resources of an agent that is already there', () => {
  const FILLED: readonly [what: string, resources: object][] = [
    ['are those of the first pass', { requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '256Mi' } }],
    ['were rewritten by the server', { requests: { cpu: '0.01', memory: '65536Ki' }, limits: { memory: '268435456' } }],
    [
      'were filled in by a LimitRange',
      { requests: { cpu: '10m', memory: '64Mi', 'ephemeral-storage': '1Gi' }, limits: { memory: '256Mi', cpu: '1' } },
    ],
  ]
  for (const [what, resources] of FILLED) {
    it(`pass where they ${what}`, () => {
      const outcome = again((agent) => {
        agent.resources = resources as Record<string, unknown>
      })
      assert.equal(outcome.reason, 'nothing-to-change')
    })
  }

  const ours = { requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '256Mi' } }
  const WRONG: readonly [what: string, resources: unknown][] = [
    ['claim a device', { ...ours, claims: [{ name: 'gpu' }] }],
    ['ask for a device', { ...ours, limits: { ...ours.limits, 'nvidia.com/gpu': '1' } }],
    ['ask for huge pages', { ...ours, limits: { ...ours.limits, 'hugepages-2Mi': '2Mi' } }],
    ['starve it', { ...ours, limits: { memory: '2Mi' } }],
    ['lack the limit', { requests: ours.requests }],
    ['are no quantities', { ...ours, limits: { ...ours.limits, cpu: {} } }],
    ['are not there', null],
  ]
  for (const [what, resources] of WRONG) {
    it(`are ours again where they ${what}`, () => {
      const pod = changedPod((agent) => {
        agent.resources = resources as Record<string, unknown>
      })
      const outcome = inject(pod)
      assert.match(outcome.warnings.join(), /changed its `resources`/)
      assert.deepEqual(patched(pod, outcome.kind === 'inject' ? outcome.operations : []), firstPass())
    })
  }
})

describe('the resize policy of an agent that is already there', () => {
  const withPolicy = (...entries: (readonly [resourceName: string, restartPolicy: string])[]) =>
    again((agent) => {
      const resizePolicy = entries.map(([resourceName, restartPolicy]) => ({ resourceName, restartPolicy }))
      Object.assign(agent, { resizePolicy })
    })

  it('passes as the server fills it in, which is how its absence is read', () => {
    assert.equal(withPolicy(['cpu', 'NotRequired'], ['memory', 'NotRequired']).reason, 'nothing-to-change')
  })

  it('is taken away with anything else: a resize would restart the agent', () => {
    for (const entry of [
      ['memory', 'RestartContainer'],
      ['nvidia.com/gpu', 'NotRequired'],
    ] as const) {
      const outcome = withPolicy(['cpu', 'NotRequired'], entry)
      assert.match(outcome.warnings.join(), /changed its `resizePolicy`/)
      assert.doesNotMatch(JSON.stringify(outcome), /resizePolicy":/)
    }
  })
})

describe('an agent that is already there without its AppArmor profile', () => {
  const bare = (cluster = CLUSTER) => {
    const first = inject(POD, NONCE, cluster)
    const pod = structuredClone(patched(POD, first.kind === 'inject' ? first.operations : [])) as {
      spec: Record<'initContainers' | 'containers', { securityContext: Record<string, unknown> }[]>
    }
    const [agent] = pod.spec[cluster.nativeSidecars() ? 'initContainers' : 'containers']
    delete agent!.securityContext.appArmorProfile
    return pod
  }

  it('gets it back: its author would choose the profile otherwise', () => {
    const pod = bare()
    const outcome = inject(pod)
    const whole = patched(pod, outcome.kind === 'inject' ? outcome.operations : []) as ReturnType<typeof bare>
    assert.deepEqual(whole.spec.initContainers[0]?.securityContext.appArmorProfile, { type: 'Unconfined' })
  })

  it('stays as it is where the server drops the field', () => {
    assert.equal(inject(bare(OLD_CLUSTER), NONCE, OLD_CLUSTER).reason, 'nothing-to-change')
  })
})

describe('a quantity', () => {
  for (const [a, b] of [
    ['1Gi', '1024Mi'],
    ['0.5', '500m'],
    ['1500m', '1.5'],
    ['1e3', '1k'],
    ['100E', '100000P'],
    ['1000000n', '1m'],
    ['12E2', '1200'],
    ['+1', '1'],
  ] as const) {
    it(`\`${a}\` is \`${b}\``, () => assert.equal(quantityOf(a), quantityOf(b)))
  }

  it('is told from every other, and from other objects', () => {
    assert.notEqual(quantityOf('1n'), quantityOf('2n'))
    assert.notEqual(quantityOf('1M'), quantityOf('1Mi'))
    for (const none of ['', 'x', '-1', '1x', '1 Gi', '1KiB', {}, null]) assert.equal(quantityOf(none), undefined)
    fc.assert(fc.property(fc.string(), (text) => void quantityOf(text)))
  })
})

describe('a Pod without an application', () => {
  it('is refused in both forms, whether or not its author wrote the agent into it', () => {
    const agent = { name: 'kernelseal-agent', image: 'any' }
    for (const cluster of [CLUSTER, OLD_CLUSTER]) {
      const pod = { ...POD, spec: { initContainers: [{ name: 'first', image: 'app' }], containers: [agent] } }
      assert.equal(inject(pod, NONCE, cluster).reason, 'no-application')
    }
  })
})

describe('a Pod that is not sealed', () => {
  const forged = {
    'kernelseal.io/status': JSON.stringify({ version: 'v1', nonce: NONCE, hash: '0'.repeat(64), containers: ['app'] }),
    'kernelseal.io/mode': 'enforce',
    'kernelseal.io/sealed-env': '[]',
    other: 'kept',
  }
  const annotationsOf = (pod: object) => {
    const outcome = inject(pod)
    const operations = outcome.kind === 'skip' ? (outcome.operations ?? []) : []
    return (patched(pod, operations) as { metadata: { annotations: Record<string, string> } }).metadata.annotations
  }

  it('because it opts out keeps nothing that says it were', () => {
    const annotations = { ...forged, 'kernelseal.io/inject': 'false' }
    assert.deepEqual(annotationsOf({ ...POD, metadata: { annotations } }), {
      'kernelseal.io/inject': 'false',
      other: 'kept',
    })
    const labelled = { metadata: { annotations: forged, labels: { 'kernelseal.io/inject': 'false' } }, spec: POD.spec }
    assert.deepEqual(annotationsOf(labelled), { other: 'kept' })
  })

  it('because it binds nothing keeps no forged status', () => {
    const { 'kernelseal.io/sealed-env': _, ...annotations } = forged
    const { 'kernelseal.io/status': status } = annotationsOf({ ...POD, metadata: { annotations } })
    assert.equal(status, undefined)
  })

  it('because it binds nothing has no agent either: with one it would look sealed, to the API server’s own check too', () => {
    const initContainers = [{ name: 'kernelseal-agent', image: 'any', restartPolicy: 'Always' }]
    for (const annotations of [forged, { 'kernelseal.io/mode': 'enforce' }, { 'kernelseal.io/seal-env': 'true' }]) {
      const outcome = inject({ metadata: { annotations }, spec: { ...POD.spec, initContainers } })
      assert.equal(outcome.reason, 'agent-without-bindings', JSON.stringify(annotations))
      assert.match(outcome.kind === 'deny' ? outcome.message : '', /lost its annotations.*`kubectl debug --copy-to`/)
    }
  })
})

it('a refusal for the namespace’s Pod Security level does not say which it is', () => {
  for (const namespace of ['baseline', 'restricted']) {
    const outcome = inject({ ...POD, metadata: { ...POD.metadata, namespace } })
    assert.equal(outcome.reason, 'pod-security')
    assert.doesNotMatch(outcome.kind === 'deny' ? outcome.message : '', /baseline|restricted/)
  }
})
