/**
 * Delivery where the kernel may not write (lockdown=integrity): the process waits, stopped, until the agent has
 * written. Also: another process continues it, and the agent is not there.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { text as textOf } from 'node:stream/consumers'
import { afterEach, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { stateOf } from '../../agent/attack/runner/launch.ts'
import { CAPABILITIES } from '../../webhook/mutate/sidecar/sidecar.ts'
import { type Agent, environOf, eventually, KERNELSEAL, startAgent, writeConfig } from '../support/agent-under-test.ts'
import { pidNamespace } from '../support/pid-namespace.ts'

const SECRET = 'waited-for-secret-51c0'
const config = (onFailure: 'kill' | 'start'): string => `
version: v1
policy: { mode: enforce }
onFailure: ${onFailure}
secrets:
  - name: printer
    selector: { binary: /usr/bin/printenv }
    secretRefs: [{ name: TOKEN, source: { envRef: SOURCE } }]
`
let agent: Agent
const started: ChildProcess[] = []

const start = (onFailure: 'kill' | 'start' = 'kill') =>
  startAgent({ config: config(onFailure), env: { SOURCE: SECRET } })

before(() => {
  assert.match(readFileSync('/sys/kernel/security/lockdown', 'utf8'), /\[integrity\]/)
})

afterEach(async () => {
  for (const child of started.splice(0)) child.kill('SIGKILL')
  if (existsSync(`/proc/${agent.pid}`)) await agent.stop()
})

interface Printer {
  readonly pid: number
  readonly ended: Promise<string>
}

/** The bound program, and its result: its output, or the signal that ended it. */
function printer(user: { readonly uid?: number; readonly gid?: number } = {}): Printer {
  const options = { env: agent.placeholders, ...user }
  const child = spawn('/usr/bin/printenv', ['TOKEN'], { ...options, stdio: ['ignore', 'pipe', 'inherit'] })
  started.push(child)
  let output = ''
  child.stdout!.on('data', (chunk) => {
    output += chunk
  })
  const ended = new Promise<string>((resolve) => child.once('close', (_, signal) => resolve(signal ?? output)))
  return { pid: child.pid as number, ended }
}

const stopped = (pid: number) => eventually('the stop', () => stateOf(pid) === 'T')

async function killAgent(): Promise<void> {
  process.kill(agent.pid, 'SIGKILL')
  await eventually('its end', () => !existsSync(`/proc/${agent.pid}`))
}

test('the agent writes while the process is stopped, and says in which tier', async () => {
  agent = await start()
  assert.equal(await printer().ended, `${SECRET}\n`)
  assert.match(agent.log(), /delivery tier stopped/)
  const metrics = await (await fetch(`http://127.0.0.1:${agent.port}/metrics`)).text()
  assert.match(metrics, /delivery_tier="stopped"/)
})

const NOBODY = { uid: 65534, gid: 65534 }

/** An agent as root with these capabilities and no other. */
function startWith(capabilities: readonly string[]): Promise<Agent> {
  const program = join(dirname(writeConfig('')), 'kernelseal')
  const bounding = ['-all', ...capabilities.map((name) => `+${name.toLowerCase()}`)].join()
  writeFileSync(program, `#!/bin/sh\nexec setpriv --bounding-set ${bounding} ${KERNELSEAL} "$@"\n`, { mode: 0o755 })
  return startAgent({ config: config('kill'), env: { SOURCE: SECRET }, program })
}

test('with the capabilities that a Pod gives it, the agent writes into the process of another user', async () => {
  agent = await startWith(CAPABILITIES)
  assert.equal(await printer(NOBODY).ended, `${SECRET}\n`)
})

test('a process that the agent may not write to ends, and the log says why', async () => {
  agent = await startWith(CAPABILITIES.filter((name) => name !== 'DAC_OVERRIDE'))
  assert.equal(await printer().ended, `${SECRET}\n`)
  assert.equal(await printer(NOBODY).ended, 'SIGKILL')
  const why = /PID \d+: EACCES: permission denied, open '\/proc\/\d+\/mem'/
  await eventually('its line in the log', () => why.test(agent.log()))
})

test('SIGCONT of root continues a stopped process that is not bound, and not one that waits for its values', async () => {
  agent = await start()
  const free = spawn('/usr/bin/sleep', ['600'])
  started.push(free)
  process.kill(free.pid as number, 'SIGSTOP')
  await stopped(free.pid as number)
  process.kill(free.pid as number, 'SIGCONT')
  await eventually('its going on', () => stateOf(free.pid as number) === 'S')

  process.kill(agent.pid, 'SIGSTOP') // its parent may; the agent is too slow for a test otherwise
  const { pid, ended } = printer()
  await stopped(pid)
  assert.throws(() => process.kill(pid, 'SIGCONT'), { code: 'EPERM' })
  assert.throws(() => environOf(pid), { code: 'EPERM' })
  await sleep(200)
  assert.equal(stateOf(pid), 'T')
  process.kill(agent.pid, 'SIGCONT')
  assert.equal(await ended, `${SECRET}\n`)
})

test('a process that waits when its agent is killed never runs, and the next agent ends it', async () => {
  agent = await start()
  process.kill(agent.pid, 'SIGSTOP')
  const { pid, ended } = printer()
  await stopped(pid)
  await killAgent()
  assert.throws(() => process.kill(pid, 'SIGCONT'), { code: 'EPERM' })
  assert.equal(stateOf(pid), 'T')
  agent = await start()
  assert.equal(await ended, 'SIGKILL')
  assert.match(agent.log(), new RegExp(`left waiting for their values: PID ${pid}`))
  assert.equal(await printer().ended, `${SECRET}\n`)
})

test('a process that waits when its agent is told to end has its value, or ends', async () => {
  agent = await start()
  process.kill(agent.pid, 'SIGSTOP')
  const { pid, ended } = printer()
  await stopped(pid)
  process.kill(agent.pid, 'SIGTERM')
  process.kill(agent.pid, 'SIGCONT')
  assert.ok([`${SECRET}\n`, 'SIGKILL'].includes(await ended))
})

test('nothing is left waiting for an agent that starts and cannot read its sources', async () => {
  agent = await start()
  await killAgent()
  const unreadable = '[{ name: TOKEN, source: { envRef: SOURCE } }, { name: FILE, source: { fileRef: /nowhere } }]'
  const broken = config('kill').replace(/secretRefs: .*/, `secretRefs: ${unreadable}`)
  let isOver = false
  const failing = startAgent({ config: broken, env: { SOURCE: SECRET } }).finally(() => {
    isOver = true
  })
  const ends: Promise<string>[] = []
  const starting = (async () => {
    while (!isOver) {
      ends.push(printer().ended)
      await sleep(20)
    }
  })()
  await assert.rejects(failing, /nowhere/)
  await starting
  assert.ok(ends.length > 10, `${ends.length} starts`)
  assert.deepEqual(new Set(await Promise.all(ends)), new Set(['SIGKILL']))
  agent = await start()
})

test('without an agent a bound program is killed before it runs, or with onFailure: start keeps its placeholder', async () => {
  agent = await start('kill')
  await killAgent()
  assert.equal(await printer().ended, 'SIGKILL')
  agent = await start('start')
  await killAgent()
  assert.equal(await printer().ended, `${agent.placeholders.TOKEN}\n`)
  agent = await start()
})

test('a hundred at a time all have their values', async () => {
  agent = await start()
  const script = `for i in $(seq 100); do /usr/bin/printenv TOKEN & done; wait`
  const { stdout } = spawnSync('/bin/bash', ['-c', script], { env: agent.placeholders, encoding: 'latin1' })
  const lines = stdout.trim().split('\n')
  assert.deepEqual([lines.length, new Set(lines).size, lines[0]], [100, 1, SECRET])
})

test('an agent outside of the PID namespace writes as well', async () => {
  const secret = 'from-outside-7e11'
  const space = await pidNamespace()
  const text = config('kill').replace('/usr/bin/printenv }', '/usr/bin/printenv, lineage: any }')
  agent = await startAgent({ config: text, env: { SOURCE: secret }, args: space.args })
  // Not by nsenter itself, which stops along with its child.
  const inside = spawn('nsenter', [...space.enter, 'sh', '-c', 'read line; printenv TOKEN; exit 0'], {
    env: { PATH: '/usr/bin', ...agent.placeholders },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  started.push(inside)
  inside.stdin!.end('\n')
  assert.equal(await textOf(inside.stdout!), `${secret}\n`)
  await space.end()
})
