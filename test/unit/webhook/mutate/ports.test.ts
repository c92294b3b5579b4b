/** The port of the agent's metrics, which the Pod's containers share with it. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseAnnotations } from '../../../../agent/policy/annotations.ts'
import { uninjectPod } from '../../../../webhook/offline/uninject-pod.ts'
import { inject, patched } from '../fixtures.ts'

const SHORT = { 'secret.kernelseal.io/TOKEN': 'secret/api/token' }
const podOf = (containers: readonly object[], annotations: Record<string, string> = {}, more: object = {}) => ({
  metadata: { annotations: { ...SHORT, ...annotations } },
  spec: { containers, ...more },
})
const declaring = (name: string, ...ports: readonly number[]) => ({
  name,
  ports: ports.map((containerPort) => ({ containerPort })),
})

interface Injected {
  metadata: { annotations: Record<string, string> }
  spec: { containers: object[]; initContainers: { ports?: { containerPort: number }[] }[] }
}
function injected(pod: object): Injected {
  const outcome = inject(pod)
  if (outcome.kind !== 'inject') return assert.fail(outcome.kind === 'deny' ? outcome.message : outcome.kind)
  return structuredClone(patched(pod, outcome.operations)) as Injected
}
/** As the agent reads it, and as the container declares it. */
function portOf(pod: Injected): number {
  const { metricsPort } = parseAnnotations(pod.metadata.annotations, {}).config.monitoring
  assert.equal(pod.spec.initContainers[0]?.ports?.[0]?.containerPort, metricsPort)
  return metricsPort
}

describe('the port of the agent', () => {
  it('is 9090 where nothing else in the Pod has it', () => {
    assert.equal(portOf(injected(podOf([declaring('app', 8080)]))), 9090)
  })

  it('is the next free one where a container declares it, or a probe asks there', () => {
    const probe = { livenessProbe: { httpGet: { path: '/', port: 9092 } } }
    const pod = podOf([declaring('app', 9090, 9091), { name: 'other', ...probe }])
    assert.equal(portOf(injected(pod)), 9093)
  })

  it('gives way again when another webhook brings a container with the port we chose, and is forgotten by uninject', () => {
    const before = podOf([declaring('app', 9090)])
    const first = injected(before)
    assert.equal(portOf(first), 9091)
    first.spec.containers.push(declaring('daprd', 9091))
    const second = injected(first)
    assert.equal(portOf(second), 9092)
    const back = uninjectPod(second) as typeof before
    assert.deepEqual(back.metadata, before.metadata)
  })

  it('stays where it was chosen when the default becomes free', () => {
    const first = injected(podOf([declaring('app', 9090)]))
    first.spec.containers = [{ name: 'app' }]
    assert.equal(portOf(injected(first)), 9091)
  })

  it('is written anew where the first pass’s is another one’s now, and the default is free', () => {
    const first = injected(podOf([declaring('app', 9090)]))
    const moved = { ...first, spec: { ...first.spec, containers: [declaring('app', 9091)] } }
    assert.equal(portOf(injected(moved)), 9090)
    const forged = {
      ...first,
      metadata: { annotations: { ...first.metadata.annotations, 'kernelseal.io/metrics-port': 'abc' } },
    }
    assert.equal(portOf(injected(forged)), 9091)
  })

  it('is the author’s where he chose one, also when it is taken', () => {
    const outcome = inject(podOf([declaring('app', 9400)], { 'kernelseal.io/metrics-port': '9400' }))
    assert.equal(outcome.reason, 'port-taken')
  })

  it('is not declared on the host network, where a second Pod of that port would not be scheduled', () => {
    const pod = injected(podOf([{ name: 'app' }], {}, { hostNetwork: true }))
    assert.equal(pod.spec.initContainers[0]?.ports, undefined)
  })
})
