/** A third party's manifest, unchanged but for one annotation: init container, probes and hooks go on working. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, it } from 'node:test'
import { load } from 'js-yaml'
import type { Any } from '../support/cluster/cluster.ts'
import { NATIVE, sealed } from '../support/cluster/pods.ts'
import { deploy, exec, logs, openShop, PASSWORD, podOf, remove } from './shop.ts'

const MANIFEST = join(import.meta.dirname, 'third-party.yaml')
const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex')

before(async () => {
  await openShop()
  const { template } = (load(readFileSync(MANIFEST, 'utf8')) as Any).spec
  template.metadata.annotations = { 'kernelseal.io/seal-env': 'true' }
  await deploy('orders', template)
})
after(() => remove('deployments', 'orders'))

it('its variables are placeholders in the Pod', async () => {
  const pod = await podOf('orders')
  for (const variable of ['DB_PASSWORD', 'DATABASE_URL']) assert.ok(sealed(pod, variable), variable)
  // Before 1.29 an init container starts before the agent, and has its Secret as ever.
  assert.doesNotMatch(JSON.stringify(NATIVE ? pod.spec : pod.spec.containers), /secretKeyRef/)
})

it('container and init container have the secret, and the connection string made of it', async () => {
  const said = await logs('orders')
  assert.match(said, new RegExp(`^migrated with ${hashOf(PASSWORD)}`, 'm'))
  assert.match(said, new RegExp(`^password ${hashOf(PASSWORD)}`, 'm'))
  assert.match(said, new RegExp(`^connection ${hashOf(`postgres://orders:${PASSWORD}@db/orders`)}`, 'm'))
})

it('its probes succeed, and its hook ran with a placeholder, since hooks are visitors', async () => {
  const { status } = await podOf('orders')
  const { ready, restartCount } = status.containerStatuses.find(({ name }: Any) => name === 'app')
  assert.deepEqual([ready, restartCount], [true, 0])
  assert.match((await exec('orders', 'cat', '/work/hook')).stdout, /^kernelseal:v1:/)
})
