import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { GUARDED_KINDS, guard } from '../../../../webhook/review/guard.ts'
import { type Review, readReview } from '../../../../webhook/review/review.ts'

const review = (request: Partial<Review>): Review => ({
  uid: 'u',
  apiVersion: 'admission.k8s.io/v1',
  operation: 'CONNECT',
  subResource: 'exec',
  namespace: 'shop',
  name: 'app',
  object: { kind: 'PodExecOptions', container: 'kernelseal-agent', command: ['sh'] },
  ...request,
})
const podWith = (annotations: object, containers = ['kernelseal-agent']) => ({
  metadata: { name: 'app', annotations },
  spec: {
    initContainers: containers.map((name) => ({ name })),
    containers: [{ name: 'app' }],
    ephemeralContainers: [{ name: 'debugger' }],
  },
})
const debug = (object: unknown) => review({ operation: 'UPDATE', subResource: 'ephemeralcontainers', object })

describe('a session', () => {
  for (const subResource of ['exec', 'attach']) {
    it(`by ${subResource} into the agent is refused, into the application it is not`, () => {
      const refused = guard(review({ subResource }), false)
      assert.deepEqual([refused.kind, refused.reason], ['deny', 'agent-session'])
      assert.match(
        refused.kind === 'deny' ? refused.message : '',
        new RegExp(`\`${subResource}\` into \`kernelseal-agent\``),
      )
      for (const container of ['app', undefined]) {
        assert.equal(guard(review({ subResource, object: { container } }), false).reason, 'not-guarded')
      }
    })
  }

  it('into the agent is allowed where the namespace says so, with a warning', () => {
    const { reason, warnings } = guard(review({}), true)
    assert.equal(reason, 'debug-allowed')
    assert.match(warnings[0]!, /may see sealed secrets/)
  })

  it('without a container’s name is refused only where the agent may be the one that is meant', () => {
    for (const object of [{}, { container: '' }]) {
      assert.equal(guard(review({ object }), false, { agentMayBeFirst: false }).reason, 'not-guarded')
      assert.equal(guard(review({ object }), false, { agentMayBeFirst: true }).reason, 'agent-session')
      assert.equal(guard(review({ object }), true, { agentMayBeFirst: true }).reason, 'debug-allowed')
    }
    assert.equal(
      guard(review({ object: { container: 'app' } }), false, { agentMayBeFirst: true }).reason,
      'not-guarded',
    )
  })

  it('without its options is refused', () => assert.equal(guard(review({ object: null }), true).reason, 'bad-review'))
})

describe('a debug container', () => {
  for (const [what, object, allowed, reason] of [
    ['in a sealed Pod is refused', podWith({}), false, 'debug-container'],
    [
      'in a sealed Pod that allows it is admitted',
      podWith({ 'kernelseal.io/allow-debug': 'true' }),
      false,
      'debug-allowed',
    ],
    [
      'in a sealed Pod that does not quite allow it is refused',
      podWith({ 'kernelseal.io/allow-debug': 'yes' }),
      false,
      'debug-container',
    ],
    ['in a namespace that allows it is admitted', podWith({}), true, 'debug-allowed'],
    ['in any other Pod is admitted', podWith({}, ['proxy']), false, 'not-guarded'],
    [
      'of a request without the Pod is refused',
      { kind: 'EphemeralContainers', metadata: { name: 'app' } },
      false,
      'debug-container',
    ],
    ['of a request without anything is refused', undefined, false, 'bad-review'],
  ] as const) {
    it(what, () => assert.equal(guard(debug(object), allowed).reason, reason))
  }
})

it('a debug container is admitted by the namespace alone where policies are locked', () => {
  const asked = debug(podWith({ 'kernelseal.io/allow-debug': 'true' }))
  assert.equal(guard(asked, false, { locked: true }).reason, 'debug-container')
  assert.equal(guard(asked, true, { locked: true }).reason, 'debug-allowed')
})

it('other requests are admitted', () =>
  assert.equal(guard(review({ operation: 'UPDATE', subResource: 'status' }), false).reason, 'not-guarded'))

it('a review of a session is read as one', () => {
  const body = JSON.stringify({
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    request: {
      uid: 'u',
      kind: { group: '', version: 'v1', kind: 'PodExecOptions' },
      operation: 'CONNECT',
      subResource: 'exec',
      object: {},
    },
  })
  assert.equal(readReview(Buffer.from(body), GUARDED_KINDS).kind, 'review')
  assert.equal(readReview(Buffer.from(body)).kind, 'refusal')
})
