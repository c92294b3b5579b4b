import assert from 'node:assert/strict'
import { test } from 'node:test'
import { control, judgeSaid, variableOf } from '../../../agent/attack/attempts/child-output.ts'
import { childAttempts } from '../../../agent/attack/attempts/children.ts'
import { lookAlikeAttempts } from '../../../agent/attack/attempts/look-alikes.ts'
import { preloadAttempts } from '../../../agent/attack/attempts/preload.ts'
import { CANARY_VARIABLE } from '../../../agent/attack/targets/canary.ts'
import { spyLibrary } from '../../../agent/attack/targets/spy-library.ts'

const needle = Buffer.from('needle-0123456789')
const env = { PATH: '/usr/bin:/bin', [CANARY_VARIABLE]: needle.toString() }
const target = { pid: process.pid, needle, start: { argv: ['/bin/sh'], env, as: 'root' as const }, shell: '/bin/sh' }
const said = { output: Buffer.from(''), complaints: '', signal: null }

test('the output of a program is searched; a refusal needs nothing printed and a complaint', () => {
  assert.equal(judgeSaid({ ...said, output: Buffer.from(`A=1\n${needle}`) }, target).kind, 'leaked')
  assert.equal(judgeSaid({ ...said, complaints: 'cat: x: Operation not permitted' }, target).kind, 'refused')
  assert.equal(judgeSaid(said, target).kind, 'empty')
})

test('a program that is killed at its exec shows nothing; ended otherwise, it proves nothing', () => {
  assert.equal(judgeSaid({ ...said, signal: 'SIGKILL' }, target).kind, 'empty')
  assert.throws(() => judgeSaid({ ...said, signal: 'SIGTERM' }, target), /ended by SIGTERM/)
})

test('a bound program without its value fails the control', () => {
  assert.equal(variableOf(target), needle.toString())
  control(target, '/bin/sh')
  const unfilled = { ...target, start: { ...target.start, env: { ...env, [CANARY_VARIABLE]: 'placeholder' } } }
  assert.throws(() => control(unfilled, '/bin/sh'), /control failed/)
})

/** The others write beside the program they are given. */
const harmless = [...childAttempts, ...lookAlikeAttempts, ...preloadAttempts].filter(
  ({ id }) => !/link|replaced/.test(id),
)

for (const attempt of harmless) {
  test(`${attempt.id} obtains the value where nothing guards it`, () => {
    const outcome = attempt.run(target)
    assert.equal(outcome.kind, 'leaked', JSON.stringify(outcome))
  })
}

test('the library has a form for both architectures, and for no other', () => {
  assert.equal(spyLibrary('x64').readUInt16LE(18), 62)
  assert.equal(spyLibrary('arm64').readUInt16LE(18), 183)
  assert.throws(() => spyLibrary('riscv64'), /`riscv64`/)
})
