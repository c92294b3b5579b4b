import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeEnd } from '../../../agent/attack/attempts/held-target.ts'

test('a process killed at its exec shows nothing', () => {
  assert.equal(judgeEnd(9).kind, 'empty')
})

test('a refused exec is a refusal', () => {
  assert.deepEqual(judgeEnd(126 << 8), { kind: 'refused', errno: 'EPERM', call: 'execve' })
})

test('a launcher that failed otherwise does not pass for protection', () => {
  assert.throws(() => judgeEnd(1 << 8), /launcher ended with status 1/)
})
