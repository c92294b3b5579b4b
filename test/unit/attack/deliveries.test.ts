import assert from 'node:assert/strict'
import { test } from 'node:test'
import { empty, leaked, type Outcome, refused } from '../../../agent/attack/attempt.ts'
import { countDeliveries, missingDeliveries } from '../../../agent/attack/targets/deliveries.ts'

const outcomes = (...entries: [id: string, outcome: Outcome][]) => new Map(entries)

test('a program that shows nothing needs a delivery of its own', () => {
  const silent = outcomes(['core-file', empty('a directory')], ['traceme-exec', empty('a process killed')])
  assert.equal(missingDeliveries(silent, 2), undefined)
  assert.match(missingDeliveries(silent, 1) ?? '', /^2 programs .* but 1 had a value$/)
})

test('an attempt that leaked, was refused, or attacks the running canary needs none', () => {
  const loud = outcomes(
    ['core-file', leaked('x')],
    ['dirfd-before-exec', refused('openat', 'EPERM')],
    ['environ-pid', empty('environ')],
  )
  assert.equal(missingDeliveries(loud, 0), undefined)
})

test('deliveries are those since the last question, killed programs among them', async () => {
  const totals = { kernelseal_secrets_injected_total: 5, kernelseal_delivery_failed_total: 1 }
  const { since } = await countDeliveries({
    metric: async (...names) => names.reduce((total, name) => total + totals[name as keyof typeof totals], 0),
  })
  totals.kernelseal_secrets_injected_total += 2
  totals.kernelseal_delivery_failed_total += 1
  assert.equal(await since(), 3)
  assert.equal(await since(), 0)
})
