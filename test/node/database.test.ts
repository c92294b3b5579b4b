/** PostgreSQL as the application: its password arrives sealed, and a client logs in with a sealed copy of its own. */
import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import { kubectl } from '../support/cluster/cluster.ts'
import { jobEnds, startJob } from './jobs.ts'
import { DATABASE, deploy, exec, openShop, PASSWORD, podOf, remove } from './shop.ts'

const SECRET = 'secret/db-credentials/password'
/** Of the user `postgres` in the image. */
const USER = { runAsUser: 999, runAsGroup: 999 }
const LOGIN = ['psql', '-w', '-h', '127.0.0.1', '-U', 'postgres', '-Atc', "select 'logged in as ' || current_user"]

before(async () => {
  await openShop()
  await deploy('database', database())
})
after(async () => {
  await remove('deployments', 'database')
  await remove('jobs', 'client')
})

function database() {
  const readinessProbe = { exec: { command: ['pg_isready', '-h', '127.0.0.1'] }, timeoutSeconds: 60 }
  const container = {
    name: 'app',
    image: DATABASE,
    imagePullPolicy: 'Never',
    env: [{ name: 'PGDATA', value: '/data/database' }],
    volumeMounts: [{ name: 'data', mountPath: '/data' }],
    readinessProbe,
  }
  return {
    metadata: { labels: { app: 'database' }, annotations: { 'secret.kernelseal.io/POSTGRES_PASSWORD': SECRET } },
    spec: {
      securityContext: { ...USER, fsGroup: USER.runAsGroup },
      containers: [container],
      volumes: [{ name: 'data', emptyDir: {} }],
    },
  }
}

it('a client that has a sealed copy of the password logs in', async () => {
  const { status } = await podOf('database')
  const args = ['psql', '-w', '-h', status.podIP, ...LOGIN.slice(4)]
  const containers = [{ name: 'app', image: DATABASE, imagePullPolicy: 'Never', command: args }]
  const annotations = { 'secret.kernelseal.io/PGPASSWORD': SECRET }
  await startJob('client', { metadata: { annotations }, spec: { securityContext: USER, containers } })
  assert.equal(await jobEnds('client'), 'Complete')
  assert.match((await kubectl(['-n', 'shop', 'logs', 'job/client', '-c', 'app'])).stdout, /^logged in as postgres$/m)
})

it('kubectl exec has a placeholder, which is no password', async () => {
  const login = `PGPASSWORD=$POSTGRES_PASSWORD exec ${LOGIN.map((word) => `"${word}"`).join(' ')}`
  const { stderr, status } = await exec('database', 'sh', '-c', login)
  assert.notEqual(status, 0)
  assert.match(stderr, /password authentication failed/)
})

it('kubectl exec with the password, for comparison, logs in', async () => {
  const { stdout, stderr } = await exec('database', 'env', `PGPASSWORD=${PASSWORD}`, ...LOGIN)
  assert.equal(stdout, 'logged in as postgres\n', stderr)
})

it('neither of its processes shows the password to kubectl exec', async () => {
  const look = 'for pid in $(pidof postgres); do cat /proc/$pid/environ; done'
  const { stdout, stderr } = await exec('database', 'sh', '-c', look)
  assert.equal(stdout, '')
  assert.match(stderr, /environ': Operation not permitted/)
})
