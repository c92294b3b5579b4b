import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { type LaunchSpec, launch, stateOf, until } from '../../../agent/attack/runner/launch.ts'
import { SHELL, scriptOf } from '../../../agent/attack/runner/launch-script.ts'

const spec: LaunchSpec = {
  argv: ['/usr/bin/env'],
  env: { VALUE: 'a "b" $c \\d' },
  as: 'root',
  gate: 'stop',
  coreLimit: 1024,
}

test('the script hands on the environment as it is, and nothing of the launcher’s', async () => {
  assert.ok(existsSync(SHELL))
  const child = launch(spec, ['ignore', 'pipe', 'inherit'])
  const output = text(child.stdout!)
  await until('the stop', () => stateOf(child.pid!) === 'T')
  child.kill('SIGCONT')
  const lines = (await output).split('\n')
  assert.ok(lines.includes('VALUE=a "b" $c \\d'), lines.join())
  assert.ok(!lines.some((line) => line.startsWith('KERNELSEAL_LAUNCHER')))
})

test('an exec that fails counts as no refusal', async () => {
  const child = launch({ ...spec, argv: ['/nonexistent'], gate: 'stop' }, ['ignore', 'ignore', 'ignore'])
  await until('the stop', () => stateOf(child.pid!) === 'T')
  child.kill('SIGCONT')
  assert.deepEqual(await once(child, 'exit'), [99, null])
})

test('only the requested steps are in the script', () => {
  const { gate: _, coreLimit: __, ...plain } = spec
  assert.doesNotMatch(scriptOf(plain).script, /STOP|ulimit/)
  assert.match(scriptOf(spec).script, /^ulimit -c 2$/m)
})
