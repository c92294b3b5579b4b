/** `kernelseal explain pod`, over facts; at a real API server: test/cluster/explain-pod.test.ts. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { RawPod } from '../../../agent/check/collect/pods.ts'
import { type Around, explainPod, podText } from '../../../agent/check/explain-pod.ts'
import { found, GOOD, withDeployment } from './recorded.ts'

const BINDING = { 'secret.kernelseal.io/PGPASSWORD': 'secret/db-credentials/password' }

const raw = (annotations: Record<string, string>, namespace = 'shop', creationTimestamp?: string): RawPod => ({
  metadata: {
    name: 'web',
    namespace,
    annotations,
    creationTimestamp: creationTimestamp ?? new Date(GOOD.now).toISOString(),
  },
  spec: { containers: [{ name: 'app', image: 'registry.example/app:1' }] },
})

const told = (pod: RawPod, changed: Partial<Around> = {}) => explainPod(pod, { ...GOOD, ...changed })

describe('a Pod without the agent', () => {
  it('that was made while the webhook was not called would have it now', () => {
    const { decision, because, fix, again } = told(raw(BINDING))
    assert.equal(decision, 'not injected')
    assert.match(because, /binds secrets, made while the webhook was not called/)
    assert.match(fix ?? '', /make it anew/)
    assert.deepEqual([again.decision, again.reason], ['injected', 'injected'])
    assert.ok(again.changes.some((change) => change.includes('PGPASSWORD')))
  })

  it('that is older than the webhook, or is where it never looks, says that', () => {
    assert.match(told(raw(BINDING, 'shop', '2020-01-01T00:00:00Z')).because, /made before the webhook/)
    assert.match(told(raw(BINDING, 'kube-system')).because, /left out for good/)
    const gone = told(raw(BINDING), { configurations: { found: {} } })
    assert.match(gone.because, /there is no webhook/)
    assert.deepEqual(gone.now, ['there is no webhook in this cluster'])
  })

  it('says that the reason is not known where what would show it could not be read', () => {
    const refused = { refused: 'GET /api/v1/namespaces/shop: 403', forbidden: true }
    const { because, fix, now } = told(raw(BINDING), { namespaces: refused, configurations: refused })
    assert.match(because, /not known: you could not read namespaces and mutatingwebhookconfigurations$/)
    assert.match(fix ?? '', /ask for `get` and `list` of them, or try it: make it anew/)
    assert.match(now.join(), /labels of the namespace could not be read/)
    // A fact that is known is the reason, whatever else is hidden.
    assert.match(told(raw(BINDING, 'default'), { configurations: refused }).because, /`default` has no label/)
  })

  it('that would be refused anew is put right first', () => {
    const { fix, again } = told(raw({ 'secret.kernelseal.io/A': 'secrets/a/b' }))
    assert.equal(again.decision, 'refused')
    assert.match(fix ?? '', /^put right the cause of the refusal below; then make it anew/)
  })

  it('in a namespace that is left out for good has to be moved, and not made anew there', () => {
    assert.equal(told(raw(BINDING, 'kube-system')).fix, 'move it to another, with the label')
  })

  it('that wants none has no fault', () => {
    for (const [annotations, because] of [
      [{}, /binds no secrets/],
      [{ ...BINDING, 'kernelseal.io/inject': 'false' }, /opts out/],
      [{ 'kernelseal.io/seal-env': 'true' }, /binds no secrets/],
    ] as const) {
      const { fix, ...other } = told(raw(annotations))
      assert.equal(fix, undefined)
      assert.match(other.because, because)
    }
  })

  it('that the webhook would refuse now says so', () => {
    const labels = { 'kernelseal.io/injection': 'enabled', 'pod-security.kubernetes.io/enforce': 'baseline' }
    const { again } = told(raw(BINDING), { namespaces: { found: [{ name: 'shop', labels }] } })
    assert.deepEqual([again.decision, again.reason], ['refused', 'pod-security'])
  })
})

it('an agent that is not ready is said with the way to its cause', () => {
  const image = 'kernelseal-agent:0.1.0'
  const withAgent = (state: object, nodeName?: string): RawPod => {
    const { metadata, spec } = raw(BINDING)
    const status = { initContainerStatuses: [{ name: 'kernelseal-agent', ready: false, state }] }
    const initContainers = [{ name: 'kernelseal-agent', image }]
    return { metadata, spec: { ...spec, initContainers, ...(nodeName && { nodeName }) }, status }
  }
  const waiting = withAgent({ waiting: { reason: 'ErrImagePull', message: 'no such host' } }, 'node-2')
  const { because, now, fix } = told(waiting)
  assert.equal(because, `its agent ${image} is not ready (ErrImagePull) on node-2`)
  assert.deepEqual(now, [
    'node-2 cannot get the image of the agent: load it there (deploy/README.md), or KSEAL_AGENT_IMAGE of the webhook',
  ])
  assert.equal(fix, undefined)
  assert.match(told(withAgent({ running: {} }, 'node-2')).now.join(), /logs web -c kernelseal-agent$/)
  assert.match(told(withAgent({})).because, /is not ready, and the Pod has no node yet$/)
})

it('the settings of the running webhook count', () => {
  const env = { ...found(GOOD.deployments)[0]!.env, KSEAL_CERT_FILE: '/of/its/container' }
  const literal = {
    'kernelseal.io/bindings': '[{name: a, selector: {binary: /app}, secretRefs: [{name: A, source: {value: b}}]}]',
  }
  const refused = told(raw(literal), withDeployment({ env })).again
  const allowed = told(raw(literal), withDeployment({ env: { ...env, KSEAL_AGENT_ALLOW_LITERAL: 'true' } })).again
  assert.equal(refused.decision, 'refused')
  assert.notEqual(allowed.because, refused.because)
})

it('what would meet a new Pod now is said', () => {
  const trial = { outcome: 'failed', namespace: 'shop', words: 'no endpoints' } as const
  const text = podText(told(raw(BINDING), { trial }))
  assert.match(
    text,
    /^Pod shop\/web: not injected\n {2}binds secrets, .*\n {2}fix: .*\n {2}now: the API server cannot call the webhook: no endpoints\n/,
  )
})
