import assert from 'node:assert/strict'
import { test } from 'node:test'
import { impossible, leaked, refused } from '../../../agent/attack/attempt.ts'
import { matrixOf, type Subject } from '../../../agent/attack/report/matrix.ts'
import { renderJson, renderTable } from '../../../agent/attack/report/render.ts'

const subjects: Subject[] = [
  { id: 'environ-pid', row: 1, title: 'read /proc/P/environ', switch: 'blockEnviron', proof: 'refusal' },
  { id: 'mem-pid', row: 2, title: 'read the stack', switch: 'blockMem', proof: 'refusal' },
]
const lines = matrixOf(subjects, [
  {
    attacker: 'root',
    unprotected: new Map([
      ['environ-pid', leaked('x')],
      ['mem-pid', leaked('x')],
    ]),
    protected: new Map([
      ['environ-pid', refused('open', 'EPERM')],
      ['mem-pid', leaked('at byte 3 of the stack')],
    ]),
  },
  {
    attacker: 'uid:1000',
    unprotected: new Map([
      ['environ-pid', refused('open', 'EACCES')],
      ['mem-pid', impossible('no memory')],
    ]),
    protected: new Map([
      ['environ-pid', refused('open', 'EPERM')],
      ['mem-pid', impossible('no memory')],
    ]),
  },
])

test('the table has attempts down, identities across, then the reasons and the counts', () => {
  assert.equal(
    renderTable(lines),
    [
      'ROW  ATTEMPT      ROOT     UID:1000  WHAT',
      '1    environ-pid  refused  kernel    read /proc/P/environ',
      '2    mem-pid      LEAKED   skipped   read the stack',
      '',
      'LEAKED   mem-pid  root      at byte 3 of the stack',
      'skipped  mem-pid  uid:1000  no memory',
      '',
      '1 refused (worked without protection), 1 leaked, 0 unproved, 1 skipped, 1 refused by the kernel itself to that attacker, with or without KernelSeal',
    ].join('\n'),
  )
})

test('the JSON has the same verdicts, the counts and the exit status', () => {
  const json = JSON.parse(renderJson(lines))
  assert.deepEqual(json.attempts[0].verdicts, {
    root: { kind: 'refused', why: '`open`: EPERM' },
    'uid:1000': { kind: 'kernel', why: 'EACCES' },
  })
  assert.deepEqual(json.counts, { refused: 1, leaked: 1, kernel: 1, unproved: 0, skipped: 1 })
  assert.equal(json.exitStatus, 1)
})
