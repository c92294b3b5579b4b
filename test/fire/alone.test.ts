/**
 * The webhook as it is shipped under one kind of flood after the other, of those that are few, small and quiet, beside an ordinary client:
 * `node --test test/fire/alone.test.ts`; FIRE_SECONDS (10) of each. FIRE_MAIN: another tree's `webhook/main.ts`; the code before rooms
 * were shared in the middle of requests, and pieces counted when they arrive, admits next to nothing under the first and ends
 * under the second.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, it } from 'node:test'
import { REVIEWS } from '../bench/webhook/reviews.ts'
import { ordinary } from './ordinary.ts'
import { startFlood } from './start-flood.ts'
import { type Running, startWebhook } from './webhook-process.ts'
import { weigh } from './weigh.ts'

const SECONDS = Number(process.env.FIRE_SECONDS ?? 10)
const RATE = 20
/** The limit of deploy/base, MB. */
const LIMIT_MB = 256

const body = Object.values(REVIEWS)[0]!
let webhook: Running
before(async () => {
  weigh('self', -12)
  webhook = await startWebhook(process.env.FIRE_MAIN)
  await ordinary(webhook.port, webhook.ca, body, RATE, 5)
})
after(() => webhook?.stop())

for (const kind of ['holding', 'crumbs', 'unasked']) {
  it(`serves an ordinary client under ${kind}`, async (test) => {
    const flood = startFlood(kind, webhook)
    let peak = 0
    const watching = setInterval(() => {
      if (webhook.child.signalCode === null) peak = Math.max(peak, webhook.resident())
    }, 100)
    try {
      const under = await ordinary(webhook.port, webhook.ca, body, RATE, SECONDS)
      const metrics = await (await fetch(`http://127.0.0.1:${webhook.metricsPort}/metrics`)).text()
      const counts = metrics.split('\n').filter((line) => /^kernelseal_(refused_total|budget_used).* [1-9]/.test(line))
      test.diagnostic(JSON.stringify({ ...under, failed: under.failed.length, peak, counts }))
      assert.deepEqual(under.failed, [])
      assert.ok(peak < LIMIT_MB, `${peak} MB`)
    } finally {
      clearInterval(watching)
      flood.kill('SIGKILL')
      await once(flood, 'exit')
    }
  })
}
