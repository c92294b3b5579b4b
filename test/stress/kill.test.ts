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
import { type Agent, eventually, kernelseal, startAgent } from '../support/agent-under-test.ts'
import { configFrom, fileSource, startReader, startUntil } from '../support/fire.ts'

const KILLS = Number(process.env.KERNELSEAL_KILLS ?? 10)
const SECRET = 'outliving-secret-0cc1'
const PINS = '/sys/fs/bpf/kernelseal/v2'
const config = configFrom(fileSource(SECRET))
const start = () => startAgent({ config })

/** How far an agent came before it was killed. */
type Stage = 'starting' | 'enrolled' | 'serving'

/** @param longest time from an agent's start to its death, ms, so that it is hit while it loads, adopts, registers, and serves */
async function killedAtRandom(longest: number): Promise<Stage> {
  const child = spawn('node_modules/.bin/kernelseal', ['run', '--config', configPath, '--metrics-port', '0'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  const ended = once(child, 'close')
  await sleep(Math.random() * longest)
  child.kill('SIGKILL')
  await ended
  if (!output.includes('adopted')) return 'starting'
  return output.includes('protection stands') ? 'serving' : 'enrolled'
}
let configPath = ''

async function end(agent: Agent): Promise<void> {
  process.kill(agent.pid, 'SIGKILL')
  await eventually('its end', () => !existsSync(`/proc/${agent.pid}`))
}

test(`${KILLS} agents killed at random: running programs are protected and filled, and nothing stays behind`, async () => {
  let agent: Agent = await start()
  configPath = agent.config
  const inKernel = readFileSync('/sys/kernel/security/lockdown', 'utf8').includes('[none]')
  const begun = Date.now()
  await end(agent)
  const readers = ['environ', 'mem', 'readv'].map((way) => startReader(way, SECRET))
  const starters = await startUntil(2, agent.placeholders.PASSWORD as string, SECRET)
  const startBegun = Date.now()
  agent = await start()
  const longest = 1.3 * (Date.now() - startBegun)
  await end(agent)
  const stages = { starting: 0, enrolled: 0, serving: 0 }
  for (let i = 0; i < KILLS; i++) stages[await killedAtRandom(longest)]++
  const result = await starters.stop()
  const reads = await Promise.all(readers.map((reader) => reader.stop()))
  console.log(
    `${KILLS} kills in ${Math.round((Date.now() - begun) / 1000)} s: ${JSON.stringify({ stages, result, reads })}`,
  )
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
