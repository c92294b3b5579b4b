/**
 * The Pod form: a Pod as the webhook changes it, its containers by runc in one PID namespace, the agent as its
 * sidecar. The same stand-in for a kubelet as in scripts/demo.
 */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { AGENT_CONTAINER, SECRETS_DIR } from '../../../agent/policy/sidecar.ts'
import { type RunningPod, startPod } from '../../../scripts/demo.d/pod/kubelet.ts'
import type { Pod } from '../../../scripts/demo.d/pod/spec.ts'
import { eventually } from '../../support/agent-under-test.ts'
import { admitted, FOUND, GOT, testImages } from '../../support/pod-under-test.ts'

const SECRET = `pod-secret-${randomBytes(16).toString('hex')}`
const digest = createHash('sha256').update(SECRET).digest('hex')
let spec: Pod
let pod: RunningPod

before(async () => {
  spec = admitted()
  pod = await startPod(spec, { images: testImages, secrets: { login: { password: SECRET } } })
})

after(() => pod?.stop())

test('an entrypoint that is a shell script hands its value on to the server it execs', async () => {
  const app = pod.container('app')
  await eventually('the server', () => app.log().includes('server has'))
  assert.match(app.log(), new RegExp(`server has ${digest}`))
})

test('a program that a binding names has its value when the entrypoint starts it', () => {
  assert.match(pod.container('app').log(), new RegExp(`printenv has ${digest}`))
})

test('runc exec shows placeholders: env, a shell, and the bound program itself', () => {
  for (const args of [['env'], ['sh', '-c', 'echo PASSWORD=$PASSWORD'], ['sh', '-c', 'echo TOKEN=$(printenv TOKEN)']]) {
    const { status, stdout } = pod.container('app').exec(args)
    assert.equal(status, 0)
    assert.match(stdout, /^(PASSWORD|TOKEN)=kernelseal:v1:[0-9a-f]{32}:/m)
    assert.ok(!stdout.includes(SECRET), args.join(' '))
  }
})

test('root with every capability in a neighbouring container reads its own environ and not the application’s', async () => {
  const intruder = pod.container('intruder')
  const read = (pid: number) => intruder.exec(['cat', `/proc/${pid}/environ`])
  assert.match(read(intruder.podPid).stdout, /PATH=/)
  assert.match(read(pod.container('app').podPid).stderr, /Operation not permitted/)
  // Of a process that was brought into the Pod no look is daily work.
  const refusal = await eventually('the refusal in the log', () => refusalOf('cat'))
  assert.deepEqual([refusal.level, refusal.actor.lineage, refusal.passing], ['warn', 'visitor', undefined])
})

interface Refusal {
  readonly level: string
  readonly way?: string
  readonly passing?: true
  readonly actor: { readonly comm: string; readonly lineage: string }
}

function refusalOf(program: string): Refusal | undefined {
  const lines = pod.container(AGENT_CONTAINER).log().split('\n').filter(Boolean)
  const events = lines.map((line) => JSON.parse(line) as Refusal)
  return events.find(({ way, actor }) => way === 'environ' && actor.comm === program)
}

test('a container without capabilities for it gets no further', () => {
  const { stderr } = pod.container('app').exec(['cat', `/proc/${pod.container('app').podPid}/environ`])
  assert.match(stderr, /Operation not permitted/)
})

test('the value is mounted into the agent’s container, and what a runtime brings in there gets nothing of the agent', () => {
  const agent = pod.container(AGENT_CONTAINER)
  assert.match(agent.mounts, new RegExp(` ${SECRETS_DIR}/login ro`))
  // As an exec probe starts it. By the API the webhook refuses it, and files are no more than the kubelet's own folders show.
  assert.equal(agent.exec(['cat', `${SECRETS_DIR}/login/password`]).stdout, SECRET)
  for (const entry of ['environ', 'mem', 'maps', 'fd/0', 'root/etc/hostname']) {
    const { status, stderr } = agent.exec(['cat', `/proc/${agent.podPid}/${entry}`])
    assert.notEqual(status, 0, entry)
    assert.match(stderr, /operation not permitted|permission denied/i, entry)
  }
})

test('the value is in no other container: not in the specification, not in files', () => {
  assert.ok(!JSON.stringify(spec).includes(SECRET))
  for (const name of ['app', 'intruder']) {
    const container = pod.container(name)
    assert.doesNotMatch(container.exec(['cat', '/proc/mounts']).stdout, /kernelseal/)
    assert.ok(!container.log().includes(SECRET))
    for (const file of filesIn(container.upper)) assert.ok(!readFileSync(file).includes(SECRET), file)
  }
})

test('no process in the Pod gets to the agent’s files', () => {
  const root = `/proc/${pod.container(AGENT_CONTAINER).podPid}/root`
  const { status, stderr } = pod.container('intruder').exec(['ls', `${root}${SECRETS_DIR}`])
  assert.notEqual(status, 0)
  assert.match(stderr, /Permission denied|Operation not permitted/)
})

test('a placeholder of one container is worth nothing in the environment of another', async () => {
  const { stdout } = pod.container('app').exec(['printenv', 'PASSWORD'])
  const { rootfs } = pod.container('intruder')
  writeFileSync(join(rootfs, FOUND), stdout.trim())
  await eventually('the program in the other container', () => existsSync(join(rootfs, GOT)))
  assert.equal(readFileSync(join(rootfs, GOT), 'latin1'), stdout.trim())
})

test('the agent takes no signal from the Pod, and SIGTERM from the runtime', async () => {
  const agent = pod.container(AGENT_CONTAINER)
  for (const signal of ['KILL', 'STOP', 'TERM']) {
    const { status, stderr } = pod.container('intruder').exec(['kill', `-${signal}`, String(agent.podPid)])
    assert.notEqual(status, 0, signal)
    assert.match(stderr, /Operation not permitted/)
  }
  assert.ok(agent.running())
  agent.signal('TERM')
  // Taking its programs away waits for the kernel's grace periods, which emulation makes long.
  for (const end = Date.now() + 60_000; agent.running() && Date.now() < end; ) await sleep(200)
  assert.ok(!agent.running())
  assert.match(agent.log(), /signal received/)
})

function filesIn(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
}
