import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AGENT_CONTAINER } from '../../../agent/policy/sidecar.ts'
import { CLUSTER, inject, NONCE, OLD_CLUSTER, patched } from './fixtures.ts'

const PATH = '/var/run/secrets/kubernetes.io/serviceaccount'
const token = (name: string, rest: object = { readOnly: true }) => ({ name, mountPath: PATH, ...rest })
const pod = (mounts: object[] | undefined) => ({
  metadata: { annotations: { 'secret.kernelseal.io/TOKEN': 'secret/api/token' } },
  spec: { containers: [{ name: 'app', ...(mounts && { volumeMounts: mounts }) }] },
})
interface Injected {
  spec: Record<'containers' | 'initContainers', { name: string; volumeMounts: { name: string; mountPath: string }[] }[]>
}

function mountsOfAgent(before: object, cluster = CLUSTER) {
  const outcome = inject(before, NONCE, cluster)
  const { spec } = patched(before, outcome.kind === 'inject' ? outcome.operations : []) as Injected
  const agent = [...(spec.initContainers ?? []), ...spec.containers].find(({ name }) => name === AGENT_CONTAINER)
  return agent!.volumeMounts.filter(({ mountPath }) => mountPath === PATH)
}

describe('the service account token that the API server mounts into every container', () => {
  it('is mounted into ours as well, so that it need not ask again', () => {
    const mount = token('kube-api-access-x7k2p')
    assert.deepEqual(mountsOfAgent(pod([{ name: 'data', mountPath: '/data' }, mount])), [mount])
    const old = token('default-token-x7k2p')
    assert.deepEqual(mountsOfAgent(pod([old]), OLD_CLUSTER), [old])
  })

  it('is mounted nowhere where the Pod has none, or something else at its place', () => {
    assert.deepEqual(mountsOfAgent(pod(undefined)), [])
    assert.deepEqual(mountsOfAgent(pod([token('kube-api-access-x7k2p', {})])), [])
    assert.deepEqual(mountsOfAgent(pod([token('vault-token')])), [])
  })

  it('changes nothing at a second pass', () => {
    const before = pod([token('kube-api-access-x7k2p')])
    const outcome = inject(before)
    assert.equal(
      inject(patched(before, outcome.kind === 'inject' ? outcome.operations : [])).reason,
      'nothing-to-change',
    )
  })
})
