/** A Job ends: the agent beside its container is no reason to go on. */
import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import { call, get, kubectl, must, until } from '../cluster/cluster.ts'
import { BINDING } from '../cluster/pods.ts'
import { openShop, PASSWORD, PATIENCE, template } from './shop.ts'

before(openShop)

const isFinal = ({ type }: { readonly type: string }): boolean => type === 'Complete' || type === 'Failed'

it('a Job that uses its secret completes', async () => {
  const pod = template('once', `test $(printf %s "$PGPASSWORD" | wc -c) = ${PASSWORD.length} && echo done`, BINDING)
  const spec = { backoffLimit: 0, template: { ...pod, spec: { ...pod.spec, restartPolicy: 'Never' } } }
  const jobs = '/apis/batch/v1/namespaces/shop/jobs'
  const ended = async () => (await get(`${jobs}/once`)).status.conditions?.find(isFinal)
  must(await call('POST', jobs, { metadata: { name: 'once' }, spec }), 'the Job')
  const { type, message } = await until('the Job has ended', ended, PATIENCE)
  assert.equal(type, 'Complete', message)
  assert.match((await kubectl(['-n', 'shop', 'logs', 'job/once', '-c', 'app'])).stdout, /^done$/m)
})
