/** Root of a machine that is a scope, and the control group that the machine's agent is in: process 1 alone writes there. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { type Agent, printerConfig, startAgent } from '../../support/agent-under-test.ts'

const AWAY = '/sys/fs/cgroup/machine-away'
const OTHER = '/sys/fs/cgroup/machine-other'
let agent: Agent
before(async () => {
  for (const group of [AWAY, OTHER]) mkdirSync(group)
  agent = await startAgent({ config: printerConfig('mode: enforce'), env: { SOURCE: 'away-with-it-77' } })
})
after(async () => {
  await agent.stop()
  for (const group of [AWAY, OTHER]) rmdirSync(group)
})

const write = (path: string, text: string): string => {
  try {
    writeFileSync(path, text)
    return 'ok'
  } catch (error) {
    return `${(error as NodeJS.ErrnoException).code}`
  }
}

/** The latter from Linux 5.14 on. */
const files = (): string[] => ['cgroup.freeze', 'cgroup.kill'].filter((file) => existsSync(`${OTHER}/${file}`))

test('another process is frozen, and ended, by its group', async () => {
  const sleeper = spawn('sleep', ['600'])
  const ended = new Promise((resolve) => sleeper.once('exit', (_code, signal) => resolve(signal)))
  assert.equal(write(`${OTHER}/cgroup.procs`, `${sleeper.pid}`), 'ok')
  for (const file of files()) assert.equal(write(`${OTHER}/${file}`, '1'), 'ok', file)
  if (!files().includes('cgroup.kill')) sleeper.kill('SIGKILL')
  assert.equal(await ended, 'SIGKILL')
})

test('the agent, moved into a group, is not', () => {
  assert.equal(write(`${AWAY}/cgroup.procs`, `${agent.pid}`), 'ok', 'no hook sees that')
  for (const file of files()) assert.equal(write(`${AWAY}/${file}`, '1'), 'EPERM', file)
  assert.match(readFileSync(`${AWAY}/cgroup.events`, 'latin1'), /^frozen 0$/m)
  assert.equal(spawnSync('/usr/bin/printenv', ['PRINTED'], { env: agent.placeholders, encoding: 'utf8' }).status, 0)
  assert.equal(write('/sys/fs/cgroup/cgroup.procs', `${agent.pid}`), 'ok')
})
