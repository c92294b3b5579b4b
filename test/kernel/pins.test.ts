/** One set of programs for the node: it outlives its agents, later agents adopt it, and it goes when it should. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { afterEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Agent, environOf, eventually, kernelseal, startAgent } from './agent-under-test.ts'

const PINS = '/sys/fs/bpf/kernelseal/v1'
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

const start = (env = { SOURCE: SECRET }, args: string[] = []) => startAgent({ config: config(), env, args })

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

test('the next agent adopts what stands, reports, and delivers its own values', async () => {
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

test('while a scope has a living agent nobody else becomes it', async () => {
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

/** A PID namespace with an init that sleeps, and that ends with `unshare`; its number outside. */
async function namespace(): Promise<number> {
  const sleeping = ['/usr/bin/python3', '-c', 'import time; time.sleep(600)']
  const outer = spawn('unshare', ['--pid', '--fork', '--kill-child', '--mount-proc', ...sleeping], { stdio: 'ignore' })
  started.push(outer)
  const children = `/proc/${outer.pid}/task/${outer.pid}/children`
  return eventually('the namespace', () => Number(readFileSync(children, 'latin1').trim()))
}

test("a PID namespace's scope ends in the kernel with its init, and another agent is not touched", async () => {
  const [first, second] = [await namespace(), await namespace()]
  const staying = await start(undefined, ['--pid-namespace', `/proc/${first}/ns/pid`])
  const ending = await start(undefined, ['--pid-namespace', `/proc/${second}/ns/pid`])
  assert.match(ending.log(), /adopted/)
  const scopes = () => (JSON.parse(kernelseal(['status', '--json']).stdout) as { scopes: unknown[] }).scopes.length
  assert.equal(scopes(), 2)
  await killAgent(ending)
  process.kill(second, 'SIGKILL')
  await eventually('the end of the scope', () => scopes() === 1)
  await staying.stop()
  await unloaded()
})
