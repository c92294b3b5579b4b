import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BenchResult, Sample } from '../../bench/kernel/samples.ts'
import { linesOf, quantile, renderResult } from '../../bench/kernel/table.ts'

const variant = 'outside: exec'
/** The second round is twice as slow, with an agent or without. */
const samples: Sample[] = [
  { round: 0, phase: 'none', variant, ns: 100_000 },
  { round: 0, phase: '1', variant, ns: 103_000 },
  { round: 1, phase: 'none', variant, ns: 200_000 },
  { round: 1, phase: '1', variant, ns: 206_000 },
  { round: 1, phase: '500', variant, ns: 206_000 },
]
const result: BenchResult = {
  kernel: '6.1',
  counted: false,
  release: '6.1.0',
  refusal: 'lsm',
  delivery: 'kernel',
  rounds: 2,
  eventsLost: 0,
  samples,
  programs: [{ variant, program: 'guard_open_lsm', callsPerOperation: 1.5, nsPerCall: 80 }],
}

test('quantiles lie between values by distance', () => {
  assert.equal(quantile([3, 1, 2], 0.5), 2)
  assert.equal(quantile([1, 2], 0.25), 1.25)
})

test('ratios are taken round by round, so that a machine that changes its pace does not show', () => {
  const [none, one, many] = linesOf(samples)
  assert.equal(none?.ratio, undefined)
  assert.deepEqual(one?.ratio, { to: 'none', median: 1.03, range: [1.03, 1.03] })
  assert.deepEqual(many?.ratio, { to: '1', median: 1, range: [1, 1] })
})

test('the document names missed targets beside those met', () => {
  const document = renderResult(result)
  assert.match(document, /\| outside scopes, exec: at most \+1 % \| outside: exec \| \+3\.0 % \| \*\*missed\*\* \|/)
  assert.match(document, /\| many scopes: within 5 % of one \| outside: exec, 500 scopes \| \+0\.0 % \| met \|/)
  assert.match(document, /\| outside: exec \| `guard_open_lsm` \| 1\.50 \| 80 \|/)
})
