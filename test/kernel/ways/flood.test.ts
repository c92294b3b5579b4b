/**
 * Refusals in a loop neither keep orders from the agent nor hide other refusals: orders have a ring of their own, and
 * one process is reported once a second in one way.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Agent, eventually, startAgent } from '../../support/agent-under-test.ts'

const SECRET = 'flooded-secret-1d3b77'
/** The agent gives it the value while it waits, even where the kernel may write itself. */
const config = `
version: v1
policy: { mode: enforce }
secrets:
  - name: program
    selector: { binary: /usr/bin/busybox, withoutPlaceholder: add }
    secretRefs: [{ name: PASSWORD, source: { envRef: SOURCE } }]
`
/** Reads until its input closes; prints how often it was refused. */
const LOOP = `
import os, select, sys
refused = 0
while not select.select([0], [], [], 0)[0]:
    for _ in range(1000):
        try: os.close(os.open('/proc/' + sys.argv[1] + '/environ', os.O_RDONLY))
        except PermissionError: refused += 1
print(refused)`
const LOOPS = 4
const STARTS = 8

let agent: Agent
let sealed: ChildProcess
const loops: ChildProcess[] = []
const said: string[] = []

before(async () => {
  agent = await startAgent({ config, env: { SOURCE: SECRET } })
  sealed = spawn('/usr/bin/busybox', ['sleep', '600'], { env: { PATH: '/usr/bin' } })
  await eventually('its value', () => agent.log().includes('"event":"inject"'))
  for (let i = 0; i < LOOPS; i++) {
    const loop = spawn('python3', ['-c', LOOP, String(sealed.pid)], { stdio: ['pipe', 'pipe', 'inherit'] })
    loop.stdout?.on('data', (chunk) => said.push(String(chunk)))
    loops.push(loop)
  }
  await sleep(3000)
})

after(async () => {
  for (const loop of loops) loop.kill('SIGKILL')
  sealed.kill('SIGKILL')
  await agent.stop()
})

test(`${STARTS} starts that the agent has to serve are served while ${LOOPS} loops are refused`, () => {
  for (let i = 0; i < STARTS; i++) {
    const { stdout, signal } = spawnSync('/usr/bin/busybox', ['sh', '-c', 'echo $PASSWORD'], {
      env: { PATH: '/usr/bin' },
      encoding: 'utf8',
      timeout: 60_000,
    })
    assert.deepEqual([stdout, signal], [`${SECRET}\n`, null], `start ${i}`)
  }
})

test('another refusal is reported meanwhile', async () => {
  spawnSync('python3', ['-c', `open('/proc/${sealed.pid}/mem', 'rb')`], { stdio: 'ignore' })
  await eventually('its line', () => agent.events().some(({ way }) => way === 'mem'))
})

test('no event is lost, and what was not reported one by one is counted', async () => {
  for (const loop of loops) loop.stdin?.end()
  await eventually('their ends', () => said.join('').split('\n').filter(Boolean).length === LOOPS, 60_000)
  const refused = said
    .join('')
    .split('\n')
    .reduce((sum, line) => sum + Number(line), 0)
  assert.ok(refused > 4000, `${refused} refusals are no flood`)
  assert.equal(await agent.metric('kernelseal_events_lost_total'), 0)
  const unreported = await agent.metric('kernelseal_access_unreported_total')
  const reported = agent.events().filter(({ way }) => way === 'environ').length
  console.log(`${refused} refused, ${unreported} unreported, ${reported} lines`)
  assert.ok(unreported > refused * 0.9 && unreported <= refused, `${unreported} of ${refused}`)
})
