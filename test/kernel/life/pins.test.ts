/** One set of programs for the node: it outlives its agents, later agents adopt it, and it goes when it should. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import { afterEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Agent, environOf, eventually, kernelseal, startAgent } from '../../support/agent-under-test.ts'
import { type PidNamespace, pidNamespace } from '../../support/pid-namespace.ts'

const PINS = '/sys/fs/bpf/kernelseal/v2'
const OLDER = '/sys/fs/bpf/kernelseal/v0'
const SECRET = 'pinned-secret-90aa'
const started: ChildProcess[] = []

const config = (source = 'SOURCE'): string => `
version: v1
policy: { mode: enforce }
secrets:
  - name: sleeper
    selector: { binary: /usr/bin/sleep }
    secretRefs: [{ name: TOKEN, source: { envRef: ${source} } }]
  - name: printer
    selector: { binary: /usr/bin/printenv }
    secretRefs: [{ name: PRINTED, source: { envRef: ${source} } }]
`

const start = (env = { SOURCE: SECRET }, args: readonly string[] = []) => startAgent({ config: config(), env, args })

afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL')
})

async function sleeper(agent: Agent, command = ['/usr/bin/sleep', '600']): Promise<number> {
  const child = spawn(command[0] as string, command.slice(1), { env: agent.placeholders })
  started.push(child)
  await eventually('the exec', () => readFileSync(`/proc/${child.pid}/comm`, 'latin1').startsWith('sleep'))
  return child.pid as number
}

const printed = (agent: Agent) =>
  spawnSync('/usr/bin/printenv', ['PRINTED'], { env: agent.placeholders, encoding: 'latin1' }).stdout

async function killAgent(agent: Agent): Promise<void> {
  process.kill(agent.pid, 'SIGKILL')
  await eventually('its end', () => !existsSync(`/proc/${agent.pid}`))
}

const unloaded = () => eventually('nothing pinned', () => !existsSync(PINS))

test('kill -9 of the agent leaves protection and delivery standing', async () => {
  const agent = await start()
  const pid = await sleeper(agent)
  await killAgent(agent)
  assert.throws(() => environOf(pid), { code: 'EPERM' })
  const later = await sleeper(agent)
  assert.throws(() => environOf(later), { code: 'EPERM' })
  assert.equal(printed(agent), `${SECRET}\n`)
})

test('the next agent adopts the pinned set, reports, and delivers its own values', async () => {
  const before = kernelseal(['status']).stdout
  assert.match(before, /enforce\s+gone/)
  const agent = await start({ SOURCE: 'rotated-secret-17' })
  assert.match(agent.log(), /adopted the node's \d+ programs/)
  assert.equal(printed(agent), 'rotated-secret-17\n')
  const pid = await sleeper(agent)
  assert.throws(() => environOf(pid), { code: 'EPERM' })
  await eventually('the event', () => agent.events().some((e) => e.way === 'environ'))
  assert.match(kernelseal(['status']).stdout, /enforce\s+alive/)
  await agent.stop()
  assert.ok(existsSync(PINS), 'a sealed process lives on')
  assert.throws(() => environOf(pid), { code: 'EPERM' })
})

test('while a scope has a living agent no other process becomes it', async () => {
  const agent = await start()
  await assert.rejects(start(), /has a living agent already/)
  assert.equal(printed(agent), `${SECRET}\n`)
  await agent.stop()
})

test('without sealed processes the last agent takes everything away', async () => {
  const agent = await start()
  await sleep(500)
  await agent.stop()
  await unloaded()
})

test('with --stay delivery goes on from one agent to the next', async () => {
  const agent = await start(undefined, ['--stay'])
  assert.equal(await agent.stop(), 0)
  assert.equal(printed(agent), `${SECRET}\n`)
  const next = await start()
  assert.match(next.log(), /adopted the node's \d+ programs/)
  await next.stop()
  await unloaded()
})

test('unload is refused while a sealed process lives, and forced takes everything away', async () => {
  const agent = await start()
  const pid = await sleeper(agent)
  await killAgent(agent)
  const refused = kernelseal(['unload'])
  assert.equal(refused.status, 1)
  assert.match(refused.stderr, /1 sealed processes and 0 agents live/)
  assert.throws(() => environOf(pid), { code: 'EPERM' })
  assert.equal(kernelseal(['unload', '--force']).status, 0)
  await unloaded()
  assert.ok(environOf(pid).includes(SECRET), 'and from then on it is readable: the protection was real')
})

test('processes inside a scope cannot remove or move a pin of ours, but other files they can', async () => {
  const space = await pidNamespace()
  const agent = await start(undefined, space.args)
  const inside = (command: string) => space.run(['/bin/bash', '-c', command], { PATH: '/usr/bin' })
  assert.equal(inside('mkdir -p /sys/fs/bpf/other/kernelseal && mv /sys/fs/bpf/other /sys/fs/bpf/mine').status, 0)
  assert.equal(inside('rmdir /sys/fs/bpf/mine/kernelseal /sys/fs/bpf/mine').status, 0)
  const links = readdirSync(`${PINS}/links`).map((name) => `${PINS}/links/${name}`)
  for (const command of [`rm ${links.join(' ')}`, `rm ${PINS}/maps/scopes`, `mv ${PINS} ${PINS}-gone`]) {
    const { status, stderr } = inside(command)
    assert.notEqual(status, 0, command)
    assert.match(stderr, /Operation not permitted/)
  }
  await eventually('the event', () => agent.events().some((e) => e.way === 'pin'))
  await agent.stop()
  await unloaded()
})

test('a set of another version stands beside ours until its last scope ends', async () => {
  const [before, after] = [await pidNamespace(), await pidNamespace()]
  const old = await start({ SOURCE: 'older-secret-31' }, before.args)
  await killAgent(old)
  renameSync(PINS, OLDER) // the pins of another version, to this one
  const agent = await start(undefined, after.args)
  assert.match(agent.log(), /programs attached and pinned/)
  const inside = (space: PidNamespace, { placeholders }: Agent) =>
    space.run(['/usr/bin/printenv', 'PRINTED'], placeholders).stdout
  assert.equal(inside(before, old), 'older-secret-31\n')
  assert.equal(inside(after, agent), `${SECRET}\n`)
  assert.match(kernelseal(['status']).stdout, /another version, v0, with 1 scopes/)
  await before.end()
  const next = await start(undefined, (await pidNamespace()).args)
  assert.ok(!existsSync(OLDER))
  await next.stop()
  await agent.stop()
  assert.equal(kernelseal(['unload', '--force']).status, 0)
})

test("a PID namespace's scope ends in the kernel with its init, and another agent is not touched", async () => {
  const [first, second] = [await pidNamespace(), await pidNamespace()]
  const staying = await start(undefined, first.args)
  const ending = await start(undefined, second.args)
  assert.match(ending.log(), /adopted/)
  const scopes = () => (JSON.parse(kernelseal(['status', '--json']).stdout) as { scopes: unknown[] }).scopes.length
  assert.equal(scopes(), 2)
  await killAgent(ending)
  await second.end()
  await eventually('the end of the scope', () => scopes() === 1)
  await staying.stop()
  await unloaded()
})
