/** Other webhooks that write into every container, ours too, before and after ours, with and without a second round. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { slotIn } from '../../../../agent/policy/secrets/placeholder.ts'
import { inject, NONCE, patched } from '../fixtures.ts'

interface Container {
  name: string
  restartPolicy?: string
  env?: { name: string; value?: string }[]
  volumeMounts?: object[]
  securityContext?: object
  startupProbe?: object
  resources?: { limits?: Record<string, string> }
}
interface Pod {
  metadata: { annotations: Record<string, string> }
  spec: { containers: Container[]; initContainers?: Container[]; volumes?: object[] }
}

const everyContainer = (change: (container: Container) => void) => (pod: Pod) => {
  for (const container of [...(pod.spec.initContainers ?? []), ...pod.spec.containers]) change(container)
}
/** Once per container, as webhooks that may be asked twice do it. */
const identity = (names: readonly string[], mountPath: string) =>
  everyContainer((container) => {
    const missing = names.filter((name) => !container.env?.some((entry) => entry.name === name))
    container.env = [...(container.env ?? []), ...missing.map((name) => ({ name, value: 'x' }))]
    if (missing.length > 0) container.volumeMounts = [...(container.volumeMounts ?? []), { name: 'token', mountPath }]
  })

/** Their changes, from their sources (amazon-eks-pod-identity-webhook, azure-workload-identity, vault-k8s, istio, kyverno). */
const NEIGHBOURS: Readonly<Record<string, { change: (pod: Pod) => void; named: RegExp }>> = {
  'a role and a token for AWS': {
    change: identity(
      ['AWS_ROLE_ARN', 'AWS_WEB_IDENTITY_TOKEN_FILE'],
      '/var/run/secrets/eks.amazonaws.com/serviceaccount',
    ),
    named: /the EKS Pod identity webhook changed its `env`, `volumeMounts`/,
  },
  'an identity for Azure': {
    change: identity(['AZURE_CLIENT_ID', 'AZURE_FEDERATED_TOKEN_FILE'], '/var/run/secrets/azure/tokens'),
    named: /Azure workload identity changed its `env`, `volumeMounts`/,
  },
  'the directory of the Vault injector': {
    change: everyContainer((container) => {
      container.volumeMounts = [...(container.volumeMounts ?? []), { name: 'vault', mountPath: '/vault/secrets' }]
    }),
    named: /the Vault injector changed its `volumeMounts`/,
  },
  'a probe rewritten by Istio': {
    change: everyContainer((container) => {
      const path = `/app-health/${container.name}/startupz`
      if (container.startupProbe !== undefined) container.startupProbe = { httpGet: { path, port: 15020 } }
    }),
    named: /Istio's injector changed its `startupProbe`/,
  },
  'a default of a policy engine': {
    change: everyContainer((container) => {
      container.securityContext = { ...container.securityContext, allowPrivilegeEscalation: false }
      container.resources = { limits: { memory: '16Mi' } }
    }),
    named: /another webhook or version changed its .*`securityContext`/,
  },
  'the loss of `restartPolicy` by an old client': {
    change: everyContainer((container) => delete container.restartPolicy),
    named: /another webhook or version changed its `restartPolicy`/,
  },
}

const POD: Pod = {
  metadata: { annotations: { 'kernelseal.io/seal-env': 'true' } },
  spec: {
    containers: [
      { name: 'app', env: [{ name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'api', key: 'token' } } } as never] },
    ],
  },
}
const clone = <Value>(value: Value): Value => structuredClone(value)
const changed = (pod: Pod, change: (pod: Pod) => void): Pod => {
  const copy = clone(pod)
  change(copy)
  return copy
}
/** Our webhook's turn; fails unless it admits the Pod. */
function ours(pod: Pod): { pod: Pod; warnings: readonly string[] } {
  const outcome = inject(pod, NONCE)
  if (outcome.kind !== 'inject') return assert.fail(outcome.kind === 'deny' ? outcome.message : outcome.kind)
  return { pod: clone(patched(pod, outcome.operations)) as Pod, warnings: outcome.warnings }
}
const agentOf = ({ spec }: Pod) => spec.initContainers?.find(({ name }) => name === 'kernelseal-agent')
const isSealed = ({ spec }: Pod) => slotIn(spec.containers[0]?.env?.[0]?.value ?? '') !== undefined

describe('another webhook that writes into every container', () => {
  const whole = agentOf(ours(POD).pod)

  for (const [what, { change, named }] of Object.entries(NEIGHBOURS)) {
    it(`and brings ${what} after ours has its change of the agent undone and named`, () => {
      const between = changed(ours(POD).pod, change)
      assert.notDeepEqual(agentOf(between), whole, 'the change does not reach the agent: nothing is tested')
      const { pod, warnings } = ours(between)
      assert.deepEqual(agentOf(pod), whole)
      assert.ok(isSealed(pod))
      assert.match(warnings.join(), named)
    })

    it(`and brings ${what} before ours keeps it in the application, and the agent is as always`, () => {
      const before = changed(POD, change)
      const { pod, warnings } = ours(before)
      assert.deepEqual(agentOf(pod), whole)
      assert.ok(isSealed(pod))
      assert.deepEqual(warnings, [])
      assert.deepEqual(pod.spec.containers[0]?.volumeMounts, before.spec.containers[0]?.volumeMounts)
    })
  }

  for (const order of ['by name', 'in reverse'] as const) {
    it(`and all six of them in turn, ${order}, with a second round: the Pod is admitted at each of our turns`, () => {
      const chain = Object.values(NEIGHBOURS).map(({ change }) => change)
      const turns = order === 'by name' ? chain : chain.toReversed()
      let pod = POD
      for (let round = 0; round < 2; round++) {
        for (const change of turns) pod = ours(changed(pod, change)).pod
        assert.deepEqual(agentOf(pod), whole)
        assert.ok(isSealed(pod))
      }
      assert.equal(pod.spec.initContainers?.length, 1)
    })
  }

  it('cannot choose the agent of a Pod that has no record of a pass of ours', () => {
    const pod = ours(POD).pod
    agentOf(pod)!.env = []
    delete pod.metadata.annotations['kernelseal.io/status']
    pod.metadata.annotations['secret.kernelseal.io/OTHER'] = 'secret/api/other'
    assert.equal(inject(pod).reason, 'container-name-taken')
  })
})
