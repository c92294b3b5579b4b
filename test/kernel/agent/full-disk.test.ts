/** An agent with its log on a disk that fills up goes on, and its log does too once there is room. */
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { loadAgentConfig } from '../../../agent/config/load.ts'
import { eventually, kernelseal, writeConfig } from '../../support/agent-under-test.ts'

const [DISK, PORT] = ['/run/small-disk', 19_990]
const [LOG, FILLER] = [`${DISK}/log`, `${DISK}/filler`]
const KERNELSEAL = new URL('../../../node_modules/.bin/kernelseal', import.meta.url).pathname
const config = writeConfig(`
version: v1
policy: { mode: enforce }
secrets:
  - name: printer
    selector: { binary: /usr/bin/printenv }
    secretRefs: [{ name: TOKEN, source: { envRef: SOURCE } }]
`)
let agent: ChildProcess

before(async () => {
  mkdirSync(DISK)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', DISK])
  agent = spawn(KERNELSEAL, ['run', '--config', config, '--metrics-port', String(PORT), '--log-format', 'json'], {
    env: { ...process.env, SOURCE: 'value-beside-a-full-disk' },
    stdio: ['ignore', openSync(LOG, 'a'), 'ignore'],
  })
  await eventually('protection', () => readFileSync(LOG, 'utf8').includes('protection stands'), 180_000)
})
after(() => {
  agent.kill('SIGKILL')
  kernelseal(['unload', '--force'])
})

function print(): string {
  const { variables } = loadAgentConfig({ config })
  const env = Object.fromEntries(variables.map(({ name, placeholder }) => [name, placeholder]))
  return spawnSync('/usr/bin/printenv', ['TOKEN'], { env, encoding: 'utf8' }).stdout
}

const deliveries = (): number => readFileSync(LOG, 'utf8').split('"tag":"INJECT"').length - 1

test('deliveries go on while nothing can be logged, and are in the log once there is room', async () => {
  print()
  await eventually('the first one', () => deliveries() === 1)
  assert.throws(() => writeFileSync(FILLER, Buffer.alloc(1 << 20)), { code: 'ENOSPC' })
  const full = deliveries()
  for (let i = 0; i < 20; i++) assert.equal(print(), 'value-beside-a-full-disk\n')
  assert.equal(agent.exitCode, null)
  assert.ok(deliveries() < 21, `the disk was full with ${full} deliveries in the log`)
  rmSync(FILLER)
  print()
  await eventually('all of them', () => deliveries() === 22)
  assert.equal(await metric('kernelseal_log_lines_lost_total'), 0)
})

async function metric(name: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${PORT}/metrics`)).text()
  return Number(new RegExp(`^${name}(?:{.*})? (\\d+)$`, 'm').exec(text)?.[1])
}
