/** The agent's image from a private registry: Secrets of the webhook's settings, beside those of the Pod. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { injectPod } from '../../../../webhook/mutate/inject.ts'
import { loadSettings } from '../../../../webhook/settings/load.ts'
import { agentSettings } from '../../../../webhook/settings/table.ts'
import { CLUSTER, NONCE, patched } from '../fixtures.ts'

const settingsOf = (...flags: readonly string[]) => loadSettings(['--agent-image', 'a', ...flags], {})
const AGENT = agentSettings(settingsOf('--agent-pull-secrets', 'mirror, team'))

function pullSecretsOf(
  imagePullSecrets: unknown,
  agent = AGENT,
  annotations: object = { 'kernelseal.io/seal-env': 'true' },
) {
  const env = [{ name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'api', key: 'token' } } }]
  const spec = { containers: [{ name: 'app', env }], ...(imagePullSecrets === undefined ? {} : { imagePullSecrets }) }
  let pod: unknown = { metadata: { annotations }, spec }
  for (let turn = 0; turn < 2; turn++) {
    const outcome = injectPod(pod, { agent }, { nonce: () => NONCE, cluster: CLUSTER, namespace: 'shop' })
    if (outcome.kind === 'inject') pod = patched(pod, outcome.operations)
  }
  return (pod as { spec: { imagePullSecrets?: unknown } }).spec.imagePullSecrets
}

describe('Secrets for the image of the agent', () => {
  it('are added to a Pod without any, once', () => {
    assert.deepEqual(pullSecretsOf(undefined), [{ name: 'mirror' }, { name: 'team' }])
    assert.deepEqual(pullSecretsOf(null), [{ name: 'mirror' }, { name: 'team' }])
  })

  it('come after those that the author or the service account has, and not twice', () => {
    const own = [{ name: 'team' }, { name: 'default-dockercfg' }]
    assert.deepEqual(pullSecretsOf(own), [...own, { name: 'mirror' }])
  })

  it('leave the Pod as it is where the webhook names none, and a Pod without secrets', () => {
    assert.equal(pullSecretsOf(undefined, agentSettings(settingsOf())), undefined)
    assert.equal(pullSecretsOf(undefined, AGENT, {}), undefined)
  })

  it('leave a list alone that is none', () => assert.equal(pullSecretsOf('mirror'), 'mirror'))

  it('are refused at the start by a name that no Secret can have', () => {
    assert.throws(() => settingsOf('--agent-pull-secrets', 'mirror,My_Secret'), /--agent-pull-secrets: .*My_Secret/)
  })
})
