/** One agent process that serves two scopes: each has its own values, policy and end, and neither can be taken over. */
import assert from 'node:assert/strict'
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { loadAgentConfig } from '../../../agent/config/load.ts'
import { environOf, eventually, kernelseal, writeConfig } from '../../support/agent-under-test.ts'
import { type PidNamespace, pidNamespace } from '../../support/pid-namespace.ts'
import type { Word } from './two-scopes.ts'

const PROGRAM = new URL('./two-scopes.ts', import.meta.url).pathname
const LONGEST_MS = 120_000
const VALUES = ['value-of-the-first-41c8', 'value-of-the-second-7fe2'] as const

/** Sleeper and lister have no placeholder: their value is added, by the agent's own hand (delivery tier `stopped`). */
const config = (value: string, mode = 'enforce'): string => `
version: v1
policy: { mode: ${mode} }
secrets:
  - name: printer
    selector: { binary: /usr/bin/printenv }
    secretRefs: [{ name: TOKEN, source: { value: ${value} } }]
  - name: sleeper
    selector: { binary: /usr/bin/sleep, withoutPlaceholder: add }
    secretRefs: [{ name: TOKEN, source: { value: ${value} } }]
  - name: lister
    selector: { binary: /usr/bin/env, withoutPlaceholder: add }
    secretRefs: [{ name: TOKEN, source: { value: ${value} } }]
`
let spaces: readonly [PidNamespace, PidNamespace]
let configs: readonly [string, string]
let agent: ChildProcess

before(async () => {
  spaces = [await pidNamespace(), await pidNamespace()]
  configs = [writeConfig(config(VALUES[0])), writeConfig(config(VALUES[1]))]
  agent = await start()
})
after(async () => {
  agent?.kill('SIGKILL')
  for (const space of spaces ?? []) await space.end()
  kernelseal(['unload', '--force'])
})

const namespaceOf = ({ init }: PidNamespace): string => `/proc/${init}/ns/pid`
const scopeOf = (space: PidNamespace): number => Number(statSync(namespaceOf(space), { bigint: true }).ino)

async function start(): Promise<ChildProcess> {
  const [a, b] = spaces
  const child = fork(PROGRAM, [configs[0], namespaceOf(a), configs[1], namespaceOf(b)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('the agent ended; its reason is above')))
  await Promise.race([once(child, 'message'), ended])
  ended.catch(() => {}) // later it is ended by the tests
  return child
}

async function ask(word: Word): Promise<string> {
  agent.send(word)
  const [{ answer }] = await once(agent, 'message')
  return String(answer)
}

const placeholders = (): Record<string, string> =>
  Object.fromEntries(
    loadAgentConfig({ config: configs[0] }).variables.map(({ name, placeholder }) => [name, placeholder]),
  )
const printed = (space: PidNamespace): string =>
  space.run(['/usr/bin/printenv', 'TOKEN'], { PATH: '/usr/bin', ...placeholders() }).stdout.trim()

/** `nsenter` stops with its child, which waits for the agent, and goes on only when told: its end is not waited for. */
async function listedIn(space: PidNamespace): Promise<string> {
  const [program = '', ...args] = [...space.enter, '/usr/bin/env']
  const outer = spawn(program, args, { env: {}, stdio: ['ignore', 'pipe', 'inherit'] })
  const [text] = await once(outer.stdout, 'data', { signal: AbortSignal.timeout(LONGEST_MS) })
  outer.kill('SIGKILL')
  return String(text)
}

/** A process of a scope that the agent itself gave its value: none was in its environment. */
async function sleeperIn(space: PidNamespace): Promise<number> {
  const [program = '', ...args] = [...space.enter, '/usr/bin/sleep', '600']
  const outer = spawn(program, args, { env: {}, stdio: 'ignore' })
  const children = `/proc/${outer.pid}/task/${outer.pid}/children`
  const runs = (pid: number): boolean => readFileSync(`/proc/${pid}/comm`, 'latin1') === 'sleep\n'
  return eventually(
    'the sleeper',
    () => {
      const pid = Number(readFileSync(children, 'latin1').trim())
      return pid && runs(pid) ? pid : undefined
    },
    LONGEST_MS,
  )
}

/** The row of `kernelseal status` that a scope has. */
const status = (space: PidNamespace): string =>
  kernelseal(['status'])
    .stdout.split('\n')
    .find((line) => line.startsWith(`${scopeOf(space)} `)) ?? ''

test('each scope has its own value of the same placeholder', () => {
  assert.deepEqual(spaces.map(printed), VALUES)
})

test('the agent gives values by its own hand in the second scope, and others are refused them', async () => {
  assert.equal(await listedIn(spaces[1]), `TOKEN=${VALUES[1]}\n`)
  const pid = await sleeperIn(spaces[1])
  await eventually('the refusal', () => isRefused(pid), LONGEST_MS)
  process.kill(pid, 'SIGKILL')
})

/** Before its exec the file can be read; a value in it would be a leak. */
function isRefused(pid: number): boolean {
  try {
    assert.ok(!environOf(pid).includes('value-of'), 'the value is shown')
    return false
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EPERM') return true
    throw error
  }
}

test('metrics are the sums of both', async () => {
  const metrics = await ask('metrics')
  const of = (name: string): number => Number(new RegExp(`^kernelseal_${name} (\\d+)$`, 'm').exec(metrics)?.[1])
  assert.equal(of('secrets_injected_total'), 2, 'written by the kernel: one in each')
  assert.ok(
    of('exec_events_total') >= 3,
    'and one more in the second; the sleeper may have been ended before its exec point',
  )
  assert.equal(of('delivery_failed_total'), 0)
  assert.equal(of('generation'), 3, 'the first one was registered without values before, for the canary')
})

test('a policy of the second changes in place, and the first keeps its own', async () => {
  writeFileSync(configs[1], config(VALUES[1], 'audit'))
  await ask('reload')
  assert.match(status(spaces[0]), / enforce +alive/)
  assert.match(status(spaces[1]), / audit +alive/)
  writeFileSync(configs[1], config(VALUES[1]))
  await ask('reload')
  assert.match(status(spaces[1]), / enforce +alive/)
})

test('a scope that it leaves may have another agent; one that it serves may not', async () => {
  const second = ['run', '--config', configs[1], '--metrics-port', '0', ...spaces[1].args]
  assert.match(kernelseal(second).stderr, /has a living agent already/)
  await ask('leave second')
  assert.doesNotMatch(status(spaces[1]), /alive/)
  assert.match(status(spaces[0]), / enforce +alive/)
  assert.deepEqual(spaces.map(printed), VALUES)
})

test('killed while it serves both, it leaves neither with a living agent, and the next one serves both', async () => {
  agent.kill('SIGKILL')
  await once(agent, 'exit')
  agent = await start()
  agent.kill('SIGKILL')
  await once(agent, 'exit')
  for (const space of spaces) assert.match(status(space), / enforce +(?!alive)/)
  assert.deepEqual(spaces.map(printed), VALUES)
  agent = await start()
  for (const space of spaces) assert.match(status(space), / enforce +alive/)
  assert.deepEqual(spaces.map(printed), VALUES)
})
