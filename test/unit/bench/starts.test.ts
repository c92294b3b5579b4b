/** The table of Pods' starts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Sample } from '../../bench/cluster/samples.ts'
import { renderStarts } from '../../bench/cluster/table.ts'

const SAMPLES: Sample[] = [
  { kind: 'bare', ms: { admitted: 10, running: 1010 } },
  { kind: 'sealed', ms: { admitted: 50, agentStarted: 2050, agentReady: 5050, running: 6050 }, deliveryNs: 150_000 },
  { kind: 'bare', ms: { admitted: 20, running: 2020 } },
  { kind: 'sealed', ms: { admitted: 60, agentStarted: 3060, agentReady: 7060, running: 7560 }, deliveryNs: 250_000 },
  { kind: 'sealed', ms: { admitted: 70, agentStarted: 4070, agentReady: 4170, running: 9170 }, deliveryNs: 350_000 },
]

test('parts are from mark to mark: median, and lowest to highest', () => {
  const lines = renderStarts(SAMPLES).split('\n')
  const row = (start: string): string | undefined => lines.find((line) => line.startsWith(`| ${start}`))
  assert.equal(row('agent ready'), '| agent ready: programs loaded or adopted, canary refused |  | 3 (0.1–4) |')
  assert.equal(row('application started'), '| application started |  | 1 (0.5–5) |')
  assert.equal(row('**all of it**'), '| **all of it** | 2.02 (1.01–2.02) | 7.56 (6.05–9.17) |')
  assert.equal(row('of that'), '| of that, delivery in the kernel |  | 0.00025 (0.00015–0.00035) |')
})
