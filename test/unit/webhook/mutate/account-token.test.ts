import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AGENT_CONTAINER } from '../../../../agent/policy/sidecar.ts'
import { CLUSTER, inject, NONCE, OLD_CLUSTER, patched } from '../fixtures.ts'

const PATH = '/var/run/secrets/kubernetes.io/serviceaccount'
const token = (name: string, rest: object = { readOnly: true }) => ({ name, mountPath: PATH, ...rest })
const authority = (name: string, file: string) => ({ configMap: { name, items: [{ key: file, path: file }] } })
const TOKEN = { serviceAccountToken: { path: 'token', expirationSeconds: 3607 } }
const FOREIGN = { serviceAccountToken: { path: 'token', audience: 'elsewhere' } }
const NAMESPACE = {
  downwardAPI: { items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }] },
}
const SOURCES = [TOKEN, authority('kube-root-ca.crt', 'ca.crt'), NAMESPACE]
const PROJECTED = { name: 'kube-api-access-x7k2p', projected: { sources: SOURCES, defaultMode: 420 } }
const LEGACY = { name: 'default-token-x7k2p', secret: { secretName: 'default-token-x7k2p', defaultMode: 420 } }
const pod = (mounts: object[] | undefined, volumes: object[] = [PROJECTED, LEGACY]) => ({
  metadata: { annotations: { 'secret.kernelseal.io/TOKEN': 'secret/api/token' } },
  spec: { volumes, containers: [{ name: 'app', ...(mounts && { volumeMounts: mounts }) }] },
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

  it('is mounted with what a distribution adds to it', () => {
    const sources = [...SOURCES, authority('openshift-service-ca.crt', 'service-ca.crt')]
    const mount = token('kube-api-access-x7k2p')
    assert.deepEqual(mountsOfAgent(pod([mount], [{ ...PROJECTED, projected: { sources } }])), [mount])
  })

  it('is mounted nowhere where the Pod has none, or something else at its place', () => {
    assert.deepEqual(mountsOfAgent(pod(undefined)), [])
    assert.deepEqual(mountsOfAgent(pod([token('kube-api-access-x7k2p', {})])), [])
    assert.deepEqual(mountsOfAgent(pod([token('vault-token')])), [])
  })

  const ours = token('kube-api-access-x7k2p')
  const other = (source: object) => [{ name: 'kube-api-access-x7k2p', ...source }]
  const projecting = (...sources: object[]) => other({ projected: { sources, defaultMode: 420 } })
  const mount = (more: object) => [{ ...ours, ...more }]
  const STRANGE: readonly [what: string, mounts: object[], volumes?: object[]][] = [
    ['of a directory of the node', [ours], other({ hostPath: { path: '/' } })],
    ['of another Secret', [ours], other({ secret: { secretName: 'forged-token' } })],
    [
      'of a projection with a Secret in it',
      [ours],
      other({ projected: { sources: [...SOURCES, { secret: { name: 's' } }] } }),
    ],
    ['of a Secret, where tokens are projected', [token('default-token-x7k2p')], [LEGACY]],
    ['of files without a token', [ours], other({ projected: { sources: SOURCES.slice(1) } })],
    ['of an authority that the author chose', [ours], projecting(TOKEN, authority('mine', 'ca.crt'), NAMESPACE)],
    ['of a second authority in its place', [ours], projecting(...SOURCES, authority('mine', 'ca.crt'))],
    ['of a second authority by another spelling', [ours], projecting(...SOURCES, authority('mine', './ca.crt'))],
    ['of a second token by another spelling', [ours], projecting(...SOURCES, authority('mine', './/token'))],
    ['of a file in a directory', [ours], projecting(...SOURCES, authority('mine', 'a/b'))],
    ['of a whole ConfigMap beside it', [ours], projecting(...SOURCES, { configMap: { name: 'mine' } })],
    ['of a token for somebody else', [ours], projecting(FOREIGN, ...SOURCES.slice(1))],
    ['of a driver', [ours], other({ csi: { driver: 'evil.example' } })],
    ['of no volume of the Pod', [ours], []],
    ['of a part of it', mount({ subPath: 'x' })],
    ['of a part that follows a variable', mount({ subPathExpr: '$(X)' })],
    ['that propagates to the node', mount({ mountPropagation: 'Bidirectional' })],
    ['that may be written', mount({ readOnly: false })],
  ]
  for (const [what, mounts, volumes] of STRANGE) {
    it(`is not taken over from a mount ${what}`, () => assert.deepEqual(mountsOfAgent(pod(mounts, volumes)), []))

    it(`is taken away again from an agent that got a mount ${what} after us`, () => {
      const before = pod(undefined)
      const outcome = inject(before)
      const second = patched(before, outcome.kind === 'inject' ? outcome.operations : []) as Injected
      second.spec.initContainers[0]!.volumeMounts.push(
        ...(mounts as (typeof second.spec.initContainers)[0]['volumeMounts']),
      )
      const { volumes: own } = second.spec as unknown as { volumes: { name: string }[] }
      const kept = own.filter(({ name }) => name.startsWith('kernelseal-'))
      const changed = { ...second, spec: { ...second.spec, volumes: [...kept, ...(volumes ?? [PROJECTED])] } }
      const again = inject(changed)
      assert.match(again.warnings.join(), /the agent is put back: .* changed its `volumeMounts`/)
      const after = patched(changed, again.kind === 'inject' ? again.operations : []) as Injected
      const first = patched(before, outcome.kind === 'inject' ? outcome.operations : []) as Injected
      assert.deepEqual(after.spec.initContainers[0]!.volumeMounts, first.spec.initContainers[0]!.volumeMounts)
    })
  }

  it('is not taken over from a Secret by servers that project tokens, old as they are', () => {
    const of128 = { ...OLD_CLUSTER, secretTokens: () => false }
    assert.deepEqual(mountsOfAgent(pod([token('default-token-x7k2p')], [LEGACY]), of128), [])
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
