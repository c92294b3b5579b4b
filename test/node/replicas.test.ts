/** Two replicas on one node: one set of programs in its kernel, two scopes, and none sees into the other. */
import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import { type Any, call, get, kubectl, must, podsOf, until } from '../support/cluster/cluster.ts'
import { BINDING, hasAgent } from '../support/cluster/pods.ts'
import { READ_ENVIRON, SCRIPT, saysOf } from './application.ts'
import { programsOfKernel, status } from './node.ts'
import { allOf, openShop, PASSWORD, PATIENCE, remove, template, writtenIn } from './shop.ts'

const SETS = allOf('statefulsets')

before(async () => {
  await openShop()
  const spec = {
    replicas: 2,
    serviceName: 'ledger',
    podManagementPolicy: 'Parallel',
    selector: { matchLabels: { app: 'ledger' } },
    template: template('ledger', SCRIPT, BINDING),
  }
  must(await call('POST', SETS, { metadata: { name: 'ledger' }, spec }), 'the StatefulSet')
  await until('both are ready', async () => (await get(`${SETS}/ledger`)).status.readyReplicas === 2, PATIENCE)
})
after(() => remove('statefulsets', 'ledger'))

it('each has its secret and refuses root', async () => {
  for (const pod of ['ledger-0', 'ledger-1']) {
    assert.match(await writtenIn(pod), saysOf(PASSWORD))
    const { stderr } = await kubectl(['-n', 'shop', 'exec', pod, '-c', 'app', '--', ...READ_ENVIRON])
    assert.match(stderr, /Operation not permitted/)
  }
})

it('the node has one set of programs and a scope for each Pod', async () => {
  const sealed = async () =>
    (await get(podsOf('shop'))).items.filter((pod: Any) => pod.status.phase === 'Running' && hasAgent(pod)).length
  // A Pod that ended a moment ago has a scope until its PID namespace is gone.
  const { programs } = await until(
    'there are as many scopes as sealed Pods',
    async () => {
      const survey = await status()
      return survey.scopes.length === (await sealed()) && survey
    },
    PATIENCE,
  )
  const loaded = await programsOfKernel()
  const times = (programs as string[]).map((name) => loaded.filter((other) => other === name).length)
  assert.deepEqual(new Set(times), new Set([1]), `${programs}: ${times}`)
})
