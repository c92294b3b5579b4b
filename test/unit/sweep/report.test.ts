import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  renderSweep,
  renderSweepJson,
  type SweepReport,
  sweepStatusOf,
  talliesOf,
  waysOf,
} from '../../../agent/attack/sweep/report.ts'
import { joined, type Swept } from '../../../agent/attack/sweep/sweeper.ts'

const way = 'file /proc/P/environ'
const swept: Swept = {
  findings: [{ way, how: 'read onwards', place: 'environment' }],
  opened: [],
  tallies: [{ family: 'process files', steps: 9, taken: 4, calls: 70 }],
  deaths: ['call 219: SIGSEGV'],
  milliseconds: 700,
}
const nothing: Swept = { ...swept, findings: [], deaths: [] }
const report: SweepReport = {
  ...{ kernel: '6.1.0', tier: 'lsm', delivery: 'kernel', seed: 3, budgetSeconds: 60, attackers: ['root', 'uid:0'] },
  unprotected: { root: swept, 'uid:0': swept },
  sealed: { root: nothing, 'uid:0': nothing },
}

test('a way counts once, for any number of finders', () => {
  assert.deepEqual(waysOf(report.unprotected), [way])
})

test('attempts are summed over the attackers', () => {
  assert.deepEqual(talliesOf(report.sealed), [{ family: 'process files', steps: 18, taken: 8, calls: 140 }])
})

test('0: found without protection alone; 1: found with it; 2: the control found nothing', () => {
  assert.equal(sweepStatusOf(report), 0)
  assert.equal(sweepStatusOf({ ...report, sealed: report.unprotected }), 1)
  assert.equal(sweepStatusOf({ ...report, unprotected: report.sealed }), 2)
})

test('a leak is a leak, also where the control found nothing', () => {
  assert.equal(sweepStatusOf({ ...report, unprotected: report.sealed, sealed: report.unprotected }), 1)
})

test('the text names the way, the attacker, the place and the step that ended a process, and counts', () => {
  const text = renderSweep(report)
  assert.match(text, /file \/proc\/P\/environ: environment, by uid:0 \(read onwards\)/)
  assert.match(text, /a process of root ended in call 219: SIGSEGV/)
  assert.match(text, /1 ways show the needles without protection, 0 of a sealed target$/)
})

test('the document has the ways, the attempts, and the status', () => {
  const { ways, tried, exitStatus } = JSON.parse(renderSweepJson(report))
  assert.deepEqual(ways, { unprotected: [way], sealed: [] })
  assert.equal(tried.sealed[0].calls, 140)
  assert.equal(exitStatus, 0)
})

test('a sweep that went on with another target is one sweep, lost only if its last part was', () => {
  const lost = { step: 'call 250', next: { family: 5, step: 12 } }
  assert.equal(joined([{ ...swept, lost }, swept]).lost, undefined)
  assert.deepEqual(joined([swept, { ...swept, lost }]).lost, lost)
  assert.equal(joined([swept, swept]).tallies.length, 2)
  assert.equal(joined([swept, swept]).milliseconds, 1400)
})
