/** The agent is ready only while its canary is refused to everybody; a guard that is gone is noticed. */
import assert from 'node:assert/strict'
import { readdirSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, test } from 'node:test'
import { type Agent, kernelseal, startAgent } from './agent-under-test.ts'

const LINKS = '/sys/fs/bpf/kernelseal/v1/links'
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
  const names = ['environ', 'task-environ', 'mem', 'process-vm-readv', 'ptrace', 'pidfd-getfd', 'perf']
  assert.deepEqual(await ways(), Object.fromEntries(names.map((name) => [name, '1'])))
  for (const name of ['secrets_injected_total', 'access_blocked_total', 'sealed_processes', 'exec_events_total']) {
    assert.equal(await agent.metric(`kernelseal_${name}`), 0, name)
  }
  assert.deepEqual(
    agent.events().filter(({ tag }) => tag === 'INJECT' || tag === 'LSM BLOCKED'),
    [],
  )
})

test('what the policy leaves open is not asked for', async () => {
  agent = await start('mode: enforce, blockEnviron: false')
  assert.deepEqual(Object.keys(await ways()).includes('environ'), false)
  assert.equal((await ways()).mem, '1')
})

test('an agent that finds a guard gone does not get ready, and says what could be read', async () => {
  agent = await start()
  process.kill(agent.pid, 'SIGKILL')
  for (const link of readdirSync(LINKS)) if (link.startsWith('guard_open')) unlinkSync(join(LINKS, link))
  await assert.rejects(start(), /the canary's value was not refused: environ, task-environ/)
})

test('one that finds the ptrace guard gone names those ways', async () => {
  agent = await start()
  process.kill(agent.pid, 'SIGKILL')
  for (const link of readdirSync(LINKS)) if (link.startsWith('guard_ptrace')) unlinkSync(join(LINKS, link))
  await assert.rejects(start(), /the canary's value was not refused: process-vm-readv, ptrace, pidfd-getfd/)
})
