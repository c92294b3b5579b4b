/** Resources of the agent that a Pod's author may not choose, since other Pods would pay for them. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { injectPod } from '../../../../webhook/mutate/inject.ts'
import { CLUSTER, NONCE, SETTINGS } from '../fixtures.ts'

const podWith = (limit: string) => ({
  metadata: {
    annotations: { 'secret.kernelseal.io/TOKEN': 'secret/app/token', 'kernelseal.io/agent-cpu-limit': limit },
  },
  spec: { containers: [{ name: 'app', image: 'app' }] },
})
const outcomeOf = (limit: string) =>
  injectPod(podWith(limit), SETTINGS, { nonce: () => NONCE, cluster: CLUSTER, namespace: 'shop' })

it('an agent that is given next to no CPU would hold the lock of its node for minutes', () => {
  for (const limit of ['5m', '0.005', '250m', '2']) assert.equal(outcomeOf(limit).kind, 'inject', limit)
  for (const limit of ['1m', '4.9m', '0', '0.001']) {
    const refused = outcomeOf(limit)
    assert.equal(refused.kind, 'deny', limit)
    assert.match(JSON.stringify(refused), /agent-cpu-limit.{0,4} is below 5m/, limit)
  }
})
