/** An agent ends, and its policy stays. The next one has a stricter policy, as after an edit of the Pod while its agent was away. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { type Agent, eventually, kernelseal, startAgent } from '../../support/agent-under-test.ts'
import { type PidNamespace, pidNamespace } from '../../support/pid-namespace.ts'

const config = (mode: string): string => `
version: v1
policy: { mode: ${mode} }
secrets:
  - name: sleeper
    selector: { binary: /usr/bin/sleep }
    secretRefs: [{ name: TOKEN, source: { envRef: SOURCE } }]
`
const SECRET = 'stricter-than-before-31'

let space: PidNamespace
before(async () => {
  space = await pidNamespace()
})
after(async () => {
  await space.end()
  kernelseal(['unload', '--force'])
})

const startIn = (mode: string): Promise<Agent> =>
  startAgent({ config: config(mode), env: { SOURCE: SECRET }, args: [...space.args, '--stay'] })

/** @returns what is seen of its environment */
async function sleeper(agent: Agent): Promise<() => string> {
  const [program = '', ...args] = [...space.enter, '/usr/bin/sleep', '600']
  const child = spawn(program, args, { env: agent.placeholders, stdio: 'ignore' })
  // nsenter forks: a process enters no PID namespace itself.
  const children = `/proc/${child.pid}/task/${child.pid}/children`
  const pid = await eventually('its child', () => Number(readFileSync(children, 'latin1').trim()))
  await eventually('the exec', () => readFileSync(`/proc/${pid}/comm`, 'latin1').startsWith('sleep'))
  return () => readFileSync(`/proc/${pid}/environ`, 'latin1')
}

test('in mode audit the value is seen, and the policy stays with its agent gone', async () => {
  const agent = await startIn('audit')
  const seen = await sleeper(agent)
  await eventually('the value', () => seen().includes(SECRET))
  await agent.stop()
  assert.ok(seen().includes(SECRET))
})

test('the next agent enforces: its canary is refused, and the value is not to be had', async () => {
  const agent = await startIn('enforce')
  const seen = await sleeper(agent)
  assert.throws(seen, { code: 'EPERM' })
  await agent.stop()
  assert.throws(seen, { code: 'EPERM' })
})
