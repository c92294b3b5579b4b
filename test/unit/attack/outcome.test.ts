import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Impossible, judge, prepare, search } from '../../../agent/attack/attempt.ts'

const errno = (code: string) => Object.assign(new Error('x'), { code, syscall: 'open' })

test('denials are refusals with the call and its errno', () => {
  assert.deepEqual(judge(errno('EPERM')), { kind: 'refused', errno: 'EPERM', call: 'open' })
  assert.equal(judge(errno('EACCES')).kind, 'refused')
})

test('a feature that the kernel does not have is impossible, not refused', () => {
  for (const code of ['ENOSYS', 'ENOENT', 'EOPNOTSUPP', 'ENODEV']) assert.equal(judge(errno(code)).kind, 'impossible')
})

test('any other failure is an error', () => {
  assert.equal(judge(errno('EFAULT')).kind, 'error')
  assert.equal(judge(new TypeError('x')).kind, 'error')
})

test('errors of node:fs are judged like those of raw system calls', () => {
  try {
    readFileSync('/nonexistent')
  } catch (error) {
    assert.equal(judge(error).kind, 'impossible')
  }
})

test('a refused preparation makes the attempt impossible', () => {
  assert.throws(
    () =>
      prepare('mount', () => {
        throw errno('EPERM')
      }),
    new Impossible('mount: EPERM'),
  )
})

test('a found needle is a leak whose detail does not quote it', () => {
  const outcome = search(Buffer.from('A=1\0B=s3cret\0'), Buffer.from('s3cret'), 'environ')
  assert.deepEqual(outcome, { kind: 'leaked', detail: 'at byte 6 of environ' })
  assert.equal(search(Buffer.from('A=1'), Buffer.from('s3cret'), 'environ').kind, 'empty')
})
