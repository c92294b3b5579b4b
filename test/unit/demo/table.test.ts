/** The demo's verdict: a table that proves nothing must not pass. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Attempt, empty, leaked, type Outcome, refused } from '../../../agent/attack/attempt.ts'
import { attackers } from '../../../scripts/demo.d/attackers.ts'
import { flaws, type Result, refusals, renderTable } from '../../../scripts/demo.d/table.ts'

const attempt = (id: string, row: number): Attempt => ({
  id,
  row,
  title: `try ${id}`,
  switch: 'always',
  proof: 'refusal',
  run: () => leaked('not called here'),
})
const attempts = [attempt('one', 1), attempt('two', 2)]
const root = attackers.find(({ identity }) => identity === 'root')!

const result = (without: Record<string, Outcome>, sealed: Record<string, Outcome>): Result => ({
  attacker: root,
  without: new Map(Object.entries(without)),
  with: new Map(Object.entries(sealed)),
})
const worked = { one: leaked('a'), two: leaked('b') }
const held = { one: refused('openat', 'EPERM'), two: refused('openat', 'EPERM') }

test('a table of attempts that worked without protection and are refused with it has no flaw', () => {
  assert.deepEqual(flaws(attempts, [result(worked, held)]), [])
  assert.equal(refusals(attempts, [result(worked, held)]), 2)
})

test('a leak is a flaw', () => {
  const [flaw] = flaws(attempts, [result(worked, { ...held, one: leaked('at byte 3') })])
  assert.match(flaw!, /try one: leaked/)
})

test('an attempt that does not work without protection proves nothing', () => {
  const [flaw] = flaws(attempts, [result({ ...worked, two: empty('environ') }, held)])
  assert.match(flaw!, /try two: unproved/)
})

test('an attempt that was not made is a flaw', () => {
  assert.match(flaws(attempts, [result(worked, { one: held.one })])[0]!, /try two: unproved \(not run/)
})

test('a row of which nothing could be tried is a flaw, though no attempt of it failed', () => {
  const impossible: Outcome = { kind: 'impossible', why: 'not built in' }
  const found = flaws(attempts, [result({ ...worked, two: impossible }, { ...held, two: impossible })])
  assert.deepEqual(found, [`${root.title}: no attempt of row 2 worked without protection and was refused with it`])
})

test('the table shows the actual outcomes, not the expected ones', () => {
  const table = renderTable(attempts, [result({ ...worked, two: empty('x') }, { ...held, one: leaked('at byte 3') })])
  const cells = table.split('\n').map((line) => line.split(/ {2,}/))
  assert.deepEqual(cells.slice(2), [
    ['1', 'try one', 'READ', 'READ'],
    ['2', 'try two', 'empty', 'EPERM'],
  ])
})

test('the title of an attacker stands over the first of its columns', () => {
  const [titles = '', heads = ''] = renderTable(
    attempts,
    attackers.map((attacker) => ({ ...result(worked, held), attacker })),
  ).split('\n')
  const columns = [...heads.matchAll(/disabled/g)].map(({ index }) => index)
  assert.deepEqual(
    attackers.map(({ title }) => titles.indexOf(title)),
    columns,
  )
})
