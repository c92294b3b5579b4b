/** A Job ends: the agent beside its container is no reason to go on. */
import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import { call, kubectl, must, patch, until } from '../support/cluster/cluster.ts'
import { BINDING } from '../support/cluster/pods.ts'
import { jobEnds, jobsOf, startJob } from './jobs.ts'
import { allOf, openShop, PASSWORD, PATIENCE, remove, template } from './shop.ts'

before(openShop)

const POD = template('once', `test $(printf %s "$PGPASSWORD" | wc -c) = ${PASSWORD.length} && echo done`, BINDING)
const said = async (job: string) => (await kubectl(['-n', 'shop', 'logs', `job/${job}`, '-c', 'app'])).stdout

it('a Job that uses its secret completes', async () => {
  await startJob('once', POD)
  assert.equal(await jobEnds('once'), 'Complete')
  assert.match(await said('once'), /^done$/m)
  await remove('jobs', 'once')
})

it("so does a CronJob's", async () => {
  const jobTemplate = {
    spec: { backoffLimit: 0, template: { ...POD, spec: { ...POD.spec, restartPolicy: 'Never' } } },
  }
  const spec = { schedule: '* * * * *', concurrencyPolicy: 'Forbid', jobTemplate }
  must(await call('POST', allOf('cronjobs'), { metadata: { name: 'nightly' }, spec }), 'it')
  const [job] = await until('it has a Job', async () => nonEmpty(await jobsOf('nightly')), PATIENCE)
  // One is enough. Not deleted before it has ended: the garbage collector may not have seen yet that the Job is to stay.
  await patch(`${allOf('cronjobs')}/nightly`, { spec: { suspend: true } })
  assert.equal(await jobEnds(job!), 'Complete')
  assert.match(await said(job!), /^done$/m)
  await remove('cronjobs', 'nightly')
})

const nonEmpty = (names: string[]): string[] | undefined => (names.length ? names : undefined)
