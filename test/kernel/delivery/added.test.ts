/** `withoutPlaceholder: add`: a named program gets its variables though its environment has no placeholders. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { stateOf } from '../../../agent/attack/runner/launch.ts'
import { type Agent, environOf, eventually, kernelseal, startAgent } from '../../support/agent-under-test.ts'

const SECRET = 'added-secret-9e41'
const config = `
version: v1
policy: { mode: enforce }
secrets:
  - name: printer
    selector: { binary: /usr/bin/printenv, withoutPlaceholder: add }
    secretRefs:
      - { name: TOKEN, source: { envRef: SOURCE } }
      - { name: DSN, source: { template: "postgres://app:$(TOKEN)@db/app" } }
  - name: sleeper
    selector: { binary: /usr/bin/sleep, withoutPlaceholder: add }
    secretRefs: [{ name: TOKEN, source: { envRef: SOURCE } }]
`
let agent: Agent

before(async () => {
  agent = await startAgent({ config, env: { SOURCE: SECRET } })
})

after(async () => {
  if (existsSync(`/proc/${agent.pid}`)) await agent.stop()
  kernelseal(['unload', '--force']) // the last test leaves a scope without an agent
})

const printed = (env: Readonly<Record<string, string>>, args: readonly string[] = []) =>
  spawnSync('/usr/bin/printenv', args, { env, encoding: 'latin1' })

test('the variables are added, and arguments and other variables stay as they were', () => {
  const others = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`OTHER_${i}`, `value ${i}`]))
  const lines = printed(others).stdout.trimEnd().split('\n').toSorted()
  const expected = [`TOKEN=${SECRET}`, `DSN=postgres://app:${SECRET}@db/app`]
  assert.deepEqual(lines, [...expected, ...Object.entries(others).map(([k, v]) => `${k}=${v}`)].toSorted())
  assert.equal(printed({ A: '1' }, ['A', 'TOKEN']).stdout, `1\n${SECRET}\n`)
})

test('in an empty environment they are the only ones', () => {
  assert.equal(printed({}).stdout.trimEnd().split('\n').length, 2)
})

test('they take the place of variables of the same name', () => {
  assert.deepEqual(
    printed({ TOKEN: 'stale', B: '2' })
      .stdout.trimEnd()
      .split('\n')
      .filter((l) => /^TOKEN=/.test(l)),
    [`TOKEN=${SECRET}`],
  )
})

test('placeholders are filled as ever', () => {
  assert.equal(printed(agent.placeholders, ['TOKEN']).stdout, `${SECRET}\n`)
})

test('the program is sealed', async () => {
  const child = spawn('/usr/bin/sleep', ['600'], { env: {} })
  try {
    await eventually('its sleep', () => stateOf(child.pid as number) === 'S')
    assert.throws(() => environOf(child.pid as number), { code: 'EPERM' })
  } finally {
    child.kill('SIGKILL')
  }
})

test('without an agent the program is killed before it runs', async () => {
  process.kill(agent.pid, 'SIGKILL')
  await eventually('its end', () => !existsSync(`/proc/${agent.pid}`))
  assert.equal(printed({ A: '1' }).signal, 'SIGKILL')
})
