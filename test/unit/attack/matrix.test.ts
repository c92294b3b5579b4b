import assert from 'node:assert/strict'
import { test } from 'node:test'
import { empty, failed, impossible, leaked, type Outcome, refused } from '../../../agent/attack/attempt.ts'
import { countsOf, exitStatusOf, matrixOf, type Subject, verdictOf } from '../../../agent/attack/report/matrix.ts'

const works = leaked('at byte 3 of environ')
const denied = refused('open', 'EPERM')

test('an attempt that works without protection and is refused with it is refused', () => {
  assert.deepEqual(verdictOf('refusal', 'root', works, denied), { kind: 'refused', why: '`open`: EPERM' })
})

test('a leak under protection is a leak for every outcome without', () => {
  for (const without of [works, denied, empty('x'), impossible('x'), failed('x'), undefined]) {
    assert.equal(verdictOf('refusal', 'root', without, works).kind, 'leaked')
  }
})

test('a refusal proves nothing when the attempt did not work without protection', () => {
  for (const without of [empty('x'), failed('x'), undefined]) {
    assert.equal(verdictOf('refusal', 'uid:65534', without, denied).kind, 'unproved')
  }
  assert.equal(verdictOf('refusal', 'root', works, undefined).kind, 'unproved')
})

test('a refusal by the kernel itself is named so for weak identities and unproved for full root', () => {
  assert.deepEqual(verdictOf('refusal', 'uid:65534', denied, denied), { kind: 'kernel', why: 'EPERM' })
  assert.equal(verdictOf('refusal', 'root', denied, denied).kind, 'unproved')
})

test('under lockdown a refusal counts for us only where the kernel had let it through without us', () => {
  const locked: Outcome = { kind: 'refused', call: 'open', errno: 'EPERM', lockdown: true }
  assert.deepEqual(verdictOf('refusal', 'root', locked, locked), { kind: 'skipped', why: 'kernel lockdown: EPERM' })
  assert.equal(verdictOf('refusal', 'root', works, locked).kind, 'refused')
})

test('an attempt the machine does not permit is skipped with its reason', () => {
  const verdict = verdictOf('refusal', 'root', impossible('no io_uring'), impossible('no io_uring'))
  assert.deepEqual(verdict, { kind: 'skipped', why: 'no io_uring' })
})

test('an attempt that is impossible only under protection is unproved', () => {
  assert.equal(verdictOf('refusal', 'root', works, impossible('mount: EPERM')).kind, 'unproved')
})

test('finding nothing counts as refused only where absence is the proof', () => {
  assert.equal(verdictOf('refusal', 'root', works, empty('environ')).kind, 'unproved')
  assert.equal(verdictOf('absence', 'root', works, empty('the core')).kind, 'refused')
})

test('an attempt with its own control needs no run without protection', () => {
  assert.equal(verdictOf('control', 'root', undefined, empty('the old handle')).kind, 'refused')
  assert.equal(verdictOf('control', 'root', undefined, failed('x')).kind, 'unproved')
})

const subject: Subject = { id: 'a', row: 1, title: 'a', switch: 'always', proof: 'refusal' }

function countsFor(without: Outcome, sealed: Outcome) {
  const run = { attacker: 'root', unprotected: new Map([['a', without]]), protected: new Map([['a', sealed]]) } as const
  return countsOf(matrixOf([subject], [run]))
}

test('the exit status is 0 for refusals, 1 for a leak, 2 for anything unproved', () => {
  assert.equal(exitStatusOf(countsFor(works, denied)), 0)
  assert.equal(exitStatusOf(countsFor(works, works)), 1)
  assert.equal(exitStatusOf(countsFor(empty('x'), denied)), 2)
})

test('a run that refused nothing is unproved as a whole', () => {
  assert.equal(exitStatusOf(countsFor(impossible('x'), impossible('x'))), 2)
})
