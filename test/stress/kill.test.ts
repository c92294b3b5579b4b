/**
 * kill -9 of the agent at random moments while bound programs start and others try to read them. The number of kills of the long
 * run: KERNELSEAL_KILLS=100.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Agent, eventually, kernelseal, startAgent } from '../kernel/agent-under-test.ts'
import { BOUND, startReader, startUntil } from './fire.ts'

const KILLS = Number(process.env.KERNELSEAL_KILLS ?? 10)
const SECRET = 'outliving-secret-0cc1'
const PINS = '/sys/fs/bpf/kernelseal/v1'
const config = `
version: v1
policy: { mode: enforce }
secrets:
  - name: bound
    selector: { binary: ${BOUND} }
    secretRefs: [{ name: PASSWORD, source: { envRef: SOURCE } }]
`
const start = () => startAgent({ config, env: { SOURCE: SECRET } })

/** Longest time from an agent's start to its death, so that it is hit while it loads, adopts, registers, and runs. */
async function killedAtRandom(longest: number): Promise<void> {
  const child = spawn('node_modules/.bin/kernelseal', ['run', '--config', configPath, '--metrics-port', '0'], {
    env: { ...process.env, SOURCE: SECRET },
    stdio: 'ignore',
  })
  await sleep(Math.random() * longest)
  child.kill('SIGKILL')
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
}
let configPath = ''

test(`${KILLS} agents killed at random: what runs is protected and filled, and nothing stays behind`, async () => {
  let agent: Agent = await start()
  configPath = agent.config
  const inKernel = readFileSync('/sys/kernel/security/lockdown', 'utf8').includes('[none]')
  const begun = Date.now()
  process.kill(agent.pid, 'SIGKILL')
  await eventually('its end', () => !existsSync(`/proc/${agent.pid}`))
  const readers = ['environ', 'mem', 'readv'].map((way) => startReader(way, SECRET))
  const starters = await startUntil(2, agent.placeholders.PASSWORD as string, SECRET)
  for (let i = 0; i < KILLS; i++) await killedAtRandom(8000)
  const result = await starters.stop()
  const reads = await Promise.all(readers.map((reader) => reader.stop()))
  console.log(`${KILLS} kills in ${Math.round((Date.now() - begun) / 1000)} s: ${JSON.stringify({ result, reads })}`)
  assert.equal(result.other, 0, 'a program ran without its value')
  assert.ok(result.delivered > 0)
  if (inKernel) assert.equal(result.killed, 0)
  for (const { leaked, refused } of reads) {
    assert.equal(leaked, 0)
    assert.ok(refused > 0)
  }
  agent = await start()
  await agent.stop()
  await eventually('nothing pinned', () => !existsSync(PINS))
  assert.equal(kernelseal(['status']).status, 1)
})
