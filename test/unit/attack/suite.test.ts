import assert from 'node:assert/strict'
import { test } from 'node:test'
import { expand } from '../../../agent/attack/attempts/perf.ts'
import { attempts, attemptsById, attemptsOfRows } from '../../../agent/attack/attempts/suite.ts'
import { parseIdentity } from '../../../agent/attack/runner/identity.ts'
import { requestFor, targetOf } from '../../../agent/attack/runner/request.ts'
import { numberOf } from '../../../agent/linux/syscall-numbers.ts'

test('ids are unique and in kebab case', () => {
  const ids = attempts.map(({ id }) => id)
  assert.equal(new Set(ids).size, ids.length)
  for (const id of ids) assert.match(id, /^[a-z0-9]+(-[a-z0-9]+)*$/)
})

test('an unknown id is refused by name', () => {
  assert.throws(() => attemptsById(['environ-pid', 'nope']), /unknown attempt `nope`/)
})

test('rows select their attempts', () => {
  assert.deepEqual(new Set(attemptsOfRows([2, 5]).map(({ row }) => row)), new Set([2, 5]))
})

test('a target survives the way through JSON, addresses and bytes included', () => {
  const target = {
    pid: 7,
    needle: Buffer.from([0, 255, 10]),
    region: { start: 0x7ffe_0000_0001n, end: 0x7fff_ffff_ffffn },
  }
  assert.deepEqual(targetOf(JSON.parse(JSON.stringify(requestFor(target, ['kcmp'])))), target)
})

test('identities other than the known ones are refused', () => {
  assert.equal(parseIdentity('uid:65534'), 'uid:65534')
  for (const text of ['uid:', 'uid:-1', 'Root', 'uid:1x', ''])
    assert.throws(() => parseIdentity(text), /unknown identity/)
})

test('an architecture without a table is refused', () => {
  assert.equal(numberOf('bpf', 'arm64'), 280)
  assert.throws(() => numberOf('bpf', 'riscv64'), /`riscv64`/)
})

test('CPU lists expand', () => {
  assert.deepEqual(expand('0'), [0])
  assert.deepEqual(expand('0-2,5,7-8'), [0, 1, 2, 5, 7, 8])
})
