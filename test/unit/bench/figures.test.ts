import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventRates } from '../../bench/agent/events.ts'
import { cpuSecondsOf, memoryOf } from '../../bench/agent/process.ts'
import { renderFigures } from '../../bench/agent/table.ts'

test('the table says of each figure whether its target is met', () => {
  const where = 'native'
  const text = renderFigures([
    { what: 'memory', where, value: 61.23, unit: 'MiB', most: 60 },
    { what: 'events', where, value: 1_234_567.8, unit: '/s', least: 200_000 },
    { what: 'idle', where, value: 0.05, unit: '%', most: 0.1 },
    { what: 'for comparison', where, value: 1, unit: 's' },
  ])
  assert.match(text, /^\| memory \| native \| 61\.2 MiB \| ≤ 60 MiB \| \*\*missed\*\* \|$/m)
  assert.match(text, /^\| events \| native \| 1,234,568 \/s \| ≥ 200,000 \/s \| met \|$/m)
  assert.match(text, /^\| idle \| native \| 0\.05 % \| ≤ 0\.1 % \| met \|$/m)
  assert.match(text, /^\| for comparison \| native \| 1 s \| {2}\| {2}\|$/m)
})

test('a process is measured by the kernel’s figures', () => {
  const { resident, anonymous } = memoryOf(process.pid)
  assert.ok(anonymous > 1 && resident > anonymous && resident < 4096)
  assert.ok(cpuSecondsOf(process.pid) >= 0 && cpuSecondsOf(process.pid) < 600)
})

test('every step of the event path handles events', () => {
  const rates = Object.values(eventRates(0.01))
  assert.equal(rates.length, 4)
  for (const rate of rates) assert.ok(rate > 1000 && Number.isFinite(rate), String(rate))
})
