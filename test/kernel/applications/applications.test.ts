/**
 * Servers that people run, in one Pod with every switch on: PostgreSQL, nginx, a Node.js service and a JVM start, work,
 * reload and stop, and nothing that they do is refused. Then an attack is, which shows that the counter counts.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { AGENT_CONTAINER } from '../../../agent/policy/sidecar.ts'
import { type RunningPod, startPod } from '../../../scripts/demo.d/pod/kubelet.ts'
import type { Pod } from '../../../scripts/demo.d/pod/spec.ts'
import { eventually } from '../../support/agent-under-test.ts'
import { admit, testImages } from '../../support/pod-under-test.ts'
import { answering, ask, load, refused, SECRET, sql } from './clients.ts'

const NODE = join(import.meta.dirname, '../../../node_modules/node/bin/node')

/** C1 alone: a server of one request in ten seconds has no use for the second compiler, which emulation makes slow. */
const JVM = ['java', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '/app/Service.java']

const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  database: ['/app/database.sh'],
  web: ['/app/web.sh'],
  service: ['/usr/local/bin/node', '/app/service.cjs'],
  jvm: JVM,
}

const binding = (container: string): string => `
- name: ${container}
  selector: { container: ${container} }
  secretRefs: [{ name: PASSWORD, source: { secretKeyRef: { name: login, key: password } } }]`

/** Of a link, which Redis is on Debian: it gives nothing, and the agent says so. */
const LINK = `
- name: link
  selector: { container: intruder, binary: /usr/bin/redis-server }
  secretRefs: [{ name: LINKED, source: { secretKeyRef: { name: login, key: password } } }]`

const SUBMITTED: Pod = {
  metadata: {
    name: 'serving',
    namespace: 'test',
    annotations: {
      'kernelseal.io/bindings': Object.keys(COMMANDS).map(binding).join('') + LINK,
      'kernelseal.io/policy': '{ blockMaps: true }',
    },
  },
  spec: {
    containers: [
      ...Object.entries(COMMANDS).map(([name, command]) => ({ name, image: 'server', command })),
      { name: 'intruder', image: 'app', command: ['sleep', 'infinity'], securityContext: { privileged: true } },
    ],
  },
}

const SERVER = { content: { '/app': join(import.meta.dirname, 'programs'), '/usr/local/bin/node': NODE } }
let pod: RunningPod

before(async () => {
  const images = { ...testImages, server: SERVER }
  pod = await startPod(admit(SUBMITTED), { images, secrets: { login: { password: SECRET } } })
})

after(() => pod?.stop())

const log = (name: string): string => pod.container(name).log()
const exec = (name: string, command: string): string => {
  const { status, stdout, stderr } = pod.container(name).exec(['/bin/sh', '-c', command])
  assert.equal(status, 0, stderr)
  return stdout
}

const signalOf = (name: string, signal: string): string => `kill -${signal} ${pod.container(name).podPid}`

/** With workers that share memory, which signal one another with SIGUSR1. */
const IN_PARALLEL = `set max_parallel_workers_per_gather = 2; set parallel_setup_cost = 0; set parallel_tuple_cost = 0;
  set min_parallel_table_scan_size = 0; select count(*) from pgbench_accounts`

test('PostgreSQL: begins a database, works, reloads, recovers from a lost process, and stops', async () => {
  const started = () => log('database').includes('ready to accept connections')
  await eventually('PostgreSQL', () => started() || !pod.container('database').running(), 240_000)
  assert.ok(started(), log('database'))
  sql('', 'pgbench', ['-q', '-i', 'postgres'])
  assert.match(sql('', 'pgbench', ['-n', '-c', '4', '-j', '2', '-t', '10', 'postgres']), /processed: 40\/40/)
  assert.match(sql(IN_PARALLEL), /^100000$/m)
  sql('vacuum analyze')
  sql("alter system set work_mem = '5MB'")
  exec('database', signalOf('database', 'HUP'))
  await eventually('the reload', () => sql('show work_mem').trim() === '5MB')
  exec('database', `pkill -9 -f 'postgres: [c]heckpointer'`)
  await eventually('the recovery', () => log('database').split('ready to accept connections').length > 2)
  assert.equal(sql('select count(*) from pgbench_accounts').trim(), '100000')
  pod.container('database').signal('TERM')
  await eventually('its end', () => !pod.container('database').running())
  assert.match(log('database'), /database system is shut down/)
})

test('nginx: starts, works, changes its workers at a reload, and stops', async () => {
  await answering(pod.container('web'), 8082)
  await load(8082, 100)
  const workers = () => exec('web', 'pgrep -f "nginx: [w]orker" | tr "\\n" " "')
  const before = workers()
  exec('web', 'nginx -c /app/web.conf -s reload')
  await eventually('new workers', () => workers() !== before && workers().split(' ').length === 3)
  await load(8082, 40)
  pod.container('web').signal('TERM')
  await eventually('its end', () => !pod.container('web').running())
})

test('Node.js: workers, threads and child processes; other workers after a reload', async () => {
  await answering(pod.container('service'), 8083)
  const before = await load(8083, 16)
  exec('service', signalOf('service', 'HUP'))
  const running = () => exec('service', 'pgrep -f app/[s]ervice.cjs').trim().split('\n')
  await eventually('new workers', () => !running().some((pid) => before.has(pid)))
  const after = await load(8083, 16)
  assert.deepEqual(
    [...after].filter((pid) => before.has(pid)),
    [],
  )
  pod.container('service').signal('TERM')
  await eventually('its end', () => !pod.container('service').running())
})

test('a JVM: threads, collections of garbage and child processes; SIGHUP, and its end', async () => {
  await answering(pod.container('jvm'), 8084)
  assert.deepEqual(await load(8084, 16), new Set(['1']))
  exec('jvm', signalOf('jvm', 'HUP'))
  for (let i = 0; (await ask(8084, SECRET)).text.split(' ')[0] !== '2' && i < 100; i++);
  assert.deepEqual(await load(8084, 16), new Set(['2']))
})

test('a bound path that is a link in each container is named, with the program behind it', async () => {
  const line =
    /no running container has a program `\/usr\/bin\/redis-server`: it is a link to `\/usr\/bin\/redis-check-rdb`/
  await eventually('the line', () => line.test(log(AGENT_CONTAINER)))
})

test('none of it was refused, not even in passing; an attack on the JVM is', async () => {
  assert.equal(await refused(), 0, log(AGENT_CONTAINER))
  assert.doesNotMatch(log(AGENT_CONTAINER), /"event":"access"/)
  const attack = pod.container('intruder').exec(['cat', `/proc/${pod.container('jvm').podPid}/environ`])
  assert.match(attack.stderr, /Operation not permitted/)
  await eventually('the count', () => log(AGENT_CONTAINER).includes('"way":"environ"'))
  assert.ok((await refused()) > 0)
  pod.container('jvm').signal('TERM')
  await eventually('its end', () => !pod.container('jvm').running())
})
