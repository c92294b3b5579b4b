/**
 * A program that waits for the agent, and that the kernel itself continues (its process group has become an orphan): it may not
 * become another program, which the agent would then write the values into.
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { stateOf } from '../../../agent/attack/runner/launch.ts'
import { type Agent, eventually, startAgent } from '../../support/agent-under-test.ts'

const SECRET = 'waited-for-secret-5d20'
const RAN = '/tmp/kernelseal-other-ran'
const OTHER = '/usr/local/bin/kernelseal-other'
const ORPHANED = new URL('orphaned.py', import.meta.url).pathname
const config = `
version: v1
policy: { mode: enforce }
secrets:
  - name: waiting
    selector: { binary: /usr/bin/env, withoutPlaceholder: add }
    secretRefs: [{ name: ADDED, source: { envRef: SOURCE } }]
`
let agent: Agent

before(async () => {
  writeFileSync(OTHER, `#!/bin/sh\necho ran >${RAN}\n`, { mode: 0o755 })
  agent = await startAgent({ config, env: { SOURCE: SECRET } })
})
after(() => agent.stop())

/** @returns the number of the program, which was stopped when its group became an orphan */
async function orphaned(...command: readonly string[]): Promise<number> {
  const child = spawn('/usr/bin/python3', [ORPHANED, ...command], { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  child.stdout.on('data', (chunk) => {
    said += chunk
  })
  await eventually('its parent', () => said.endsWith('\n'))
  assert.notEqual(said, '0\n', 'it was never stopped')
  return Number(said)
}

const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}`) && stateOf(pid) !== 'Z'

test('a stopped program whose group becomes an orphan goes on, and becomes another program', async () => {
  await orphaned('/usr/bin/bash', '-c', `kill -STOP $$; exec ${OTHER}`)
  await eventually('the other program', () => existsSync(RAN))
  rmSync(RAN)
})

test('one that waits for its values is ended instead, and the log says why', async () => {
  process.kill(agent.pid, 'SIGSTOP')
  try {
    const pid = await orphaned('/usr/bin/env', OTHER)
    await eventually('its end', () => !isAlive(pid)) // before the agent comes to it
  } finally {
    process.kill(agent.pid, 'SIGCONT')
  }
  await eventually('the reason', () => agent.events().some((e) => e.reason === 'continued' && e.action === 'killed'))
  assert.ok(!existsSync(RAN), 'the other program ran')
})

test('one that is served becomes another program, and its forked children too', () => {
  const run = (...command: string[]) =>
    spawnSync('/usr/bin/env', command, { env: { PATH: '/usr/bin' }, encoding: 'latin1' })
  assert.match(run().stdout, new RegExp(`^ADDED=${SECRET}$`, 'm'))
  assert.equal(run('sh', '-c', '/usr/bin/true; echo over').stdout, 'over\n')
})
