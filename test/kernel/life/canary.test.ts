/** The agent is ready only while every access to its canary is refused; a guard that is gone is noticed. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readdirSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, test } from 'node:test'
import { type Agent, kernelseal, startAgent } from '../../support/agent-under-test.ts'

const LINKS = '/sys/fs/bpf/kernelseal/v2/links'
const config = (policy: string): string => `
version: v1
policy: { ${policy} }
secrets:
  - name: printer
    selector: { binary: /usr/bin/printenv }
    secretRefs: [{ name: TOKEN, source: { envRef: SOURCE } }]
`
const start = (policy = 'mode: enforce') =>
  startAgent({ config: config(policy), env: { SOURCE: 'canary-test-secret' } })
let agent: Agent | undefined

afterEach(async () => {
  await agent?.stop()
  agent = undefined
  kernelseal(['unload', '--force'])
})

async function ways(): Promise<Record<string, string>> {
  const metrics = await (await fetch(`http://127.0.0.1:${agent!.port}/metrics`)).text()
  const found = metrics.matchAll(/^kernelseal_canary_refused\{way="([^"]+)"\} (\d)$/gm)
  return Object.fromEntries([...found].map(([, way, refused]) => [way, refused]))
}

test('the canary is refused in every way, and leaves no trace in the counts', async () => {
  agent = await start()
  const names = ['environ', 'task-environ', 'mem', 'proc-write', 'process-vm-readv', 'ptrace', 'pidfd-getfd', 'perf']
  assert.deepEqual(await ways(), Object.fromEntries(names.map((name) => [name, '1'])))
  for (const name of ['secrets_injected_total', 'access_blocked_total', 'sealed_processes', 'exec_events_total']) {
    assert.equal(await agent.metric(`kernelseal_${name}`), 0, name)
  }
  assert.deepEqual(
    agent.events().filter(({ tag }) => tag === 'INJECT' || tag === 'LSM BLOCKED'),
    [],
  )
})

/** Counts how often it could list the root of a `node -`, of the agent's and of one that we started, and how often not. */
const LOOK = `
const { readdirSync, readFileSync } = require('node:fs')
const count = { ours: 0, canary: 0, refused: 0 }
const look = (pid) => {
  try {
    try {
      if (!readFileSync('/proc/' + pid + '/cmdline', 'latin1').endsWith('\\0-\\0')) return
    } catch (error) {
      if (error.code !== 'EPERM') return // a sealed one whose environment begins with a value: the canary
    }
    try {
      readdirSync('/proc/' + pid + '/root/')
      count[pid === process.argv[1] ? 'ours' : 'canary']++
    } catch (error) {
      if (error.code === 'EACCES' || error.code === 'EPERM') count.refused++
    }
  } catch {}
}
process.on('SIGTERM', () => { console.log(JSON.stringify(count)); process.exit() })
setInterval(() => { for (const pid of readdirSync('/proc')) if (/^\\d+$/.test(pid)) look(pid) }, 1)`

test('the canary, which has the root of the agent, shows no other process its root', async () => {
  const ours = spawn(process.execPath, ['-'], { stdio: ['pipe', 'ignore', 'ignore'] })
  const looker = spawn(process.execPath, ['-e', LOOK, String(ours.pid)], { stdio: ['ignore', 'pipe', 'inherit'] })
  agent = await start()
  looker.kill()
  const count = JSON.parse(await text(looker.stdout))
  ours.kill()
  assert.ok(count.ours > 0, 'the attack does not work')
  assert.ok(count.refused > 0, 'there was no canary to look at')
  assert.equal(count.canary, 0)
})

test('accesses that the policy leaves open are not tried', async () => {
  agent = await start('mode: enforce, blockEnviron: false')
  assert.deepEqual(Object.keys(await ways()).includes('environ'), false)
  assert.equal((await ways()).mem, '1')
})

test('an agent that finds a guard gone does not get ready, and names the readable places', async () => {
  agent = await start()
  process.kill(agent.pid, 'SIGKILL')
  for (const link of readdirSync(LINKS)) if (link.startsWith('guard_open')) unlinkSync(join(LINKS, link))
  await assert.rejects(start(), /the canary's value was not refused: .*proc-write/)
})

test('one that finds the ptrace guard gone names those ways', async () => {
  agent = await start()
  process.kill(agent.pid, 'SIGKILL')
  for (const link of readdirSync(LINKS)) if (link.startsWith('guard_ptrace')) unlinkSync(join(LINKS, link))
  await assert.rejects(start(), /the canary's value was not refused: process-vm-readv, ptrace, pidfd-getfd/)
})
