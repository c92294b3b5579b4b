/** A Pod goes on while its Secret and its annotations change. */
import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import { kubectl, until } from '../support/cluster/cluster.ts'
import { READ_ENVIRON, saysOf, startRotating } from './application.ts'
import { agentLog, exec, logs, openShop, PATIENCE, podOf, putPassword } from './shop.ts'

const [FIRST, SECOND] = ['a-first-of-many', 'the-second-and-last']

before(async () => {
  await openShop()
  await putPassword('rotated', FIRST)
  await startRotating('rotated')
})

it('an application that is to be restarted has the new value of its Secret', async () => {
  assert.match(await logs('rotating'), saysOf(FIRST))
  const { metadata } = await podOf('rotating')
  await putPassword('rotated', SECOND)
  await until(
    'the application says it has the new value',
    async () => saysOf(SECOND).test(await logs('rotating')),
    PATIENCE,
  )
  assert.equal((await podOf('rotating')).metadata.uid, metadata.uid, 'it is another Pod')
})

it('mode audit lets root look and reports it, enforce refuses again, and the Pod is the same', async () => {
  const refused = async () => /Operation not permitted/.test((await exec('rotating', ...READ_ENVIRON)).stderr)
  const { metadata } = await podOf('rotating')
  assert.ok(await refused())
  await annotate(metadata.name, 'audit')
  const look = async () => (await exec('rotating', ...READ_ENVIRON)).stdout.includes(`PGPASSWORD=${SECOND}`)
  await until('root may look', look, PATIENCE)
  await annotate(metadata.name, 'enforce')
  await until('root is refused', refused, PATIENCE)
  assert.equal((await podOf('rotating')).metadata.uid, metadata.uid, 'it is another Pod')
  const looks = (await agentLog('rotating')).filter(({ event, way }) => event === 'access' && way === 'environ')
  assert.deepEqual([...new Set(looks.map(({ action }) => action))], ['blocked', 'audited'])
})

async function annotate(pod: string, mode: string): Promise<void> {
  const ran = await kubectl(['-n', 'shop', 'annotate', '--overwrite', 'pod', pod, `kernelseal.io/mode=${mode}`])
  assert.equal(ran.status, 0, ran.stderr)
}
