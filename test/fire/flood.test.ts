/**
 * The webhook with its shipped limits under every flood at once, beside an ordinary client: `node --test test/fire/flood.test.ts`. On the
 * code before the door, 3,400 idle connections, 300 peers that do not read or 32 unfinished bodies each ended it at 256 MiB.
 * FIRE_FLOODS: some of them, with spaces between. FIRE_MAIN: another tree's `webhook/main.ts`, to see that.
 */
import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { REVIEWS } from '../bench/webhook/reviews.ts'
import { ordinary } from './ordinary.ts'
import { startFlood } from './start-flood.ts'
import { type Running, startWebhook } from './webhook-process.ts'
import { weigh } from './weigh.ts'

/** Those that the issue of this test names, and three more. */
const FLOODS = process.env.FIRE_FLOODS?.split(' ') ?? [
  'idle',
  'deaf',
  'unfinished',
  'pipelined',
  'halves',
  'silent',
  'garbage',
]
const RATE = Number(process.env.FIRE_RATE ?? 20)
const SECONDS = Number(process.env.FIRE_SECONDS ?? 30)
/** The limit of deploy/base, MB. */
const LIMIT_MB = 256
/** Of memory before it, that there may be a minute after. */
const MORE = 1.15
/** Milliseconds that go unnoticed, even if more than three times those of a quiet moment. */
const FLOOR = 60

const body = Object.values(REVIEWS)[0]!
let webhook: Running
before(async () => {
  weigh('self', -12)
  webhook = await startWebhook(process.env.FIRE_MAIN)
})
after(() => webhook?.stop())

const client = (seconds: number) => ordinary(webhook.port, webhook.ca, body, RATE, seconds)

it('serves an ordinary client under all floods at once, within its memory, and gives it back', async (test) => {
  // Compiled and grown to its size, as after a day.
  await ordinary(webhook.port, webhook.ca, body, 150, 10)
  await client(3)
  const calm = await client(10)
  const before = webhook.resident()
  let peak = before
  const watching = setInterval(() => {
    peak = Math.max(peak, webhook.resident())
  }, 100)
  const floods = FLOODS.map((kind) => startFlood(kind, webhook))
  const under = await client(SECONDS)
  clearInterval(watching)
  for (const flood of floods) flood.kill('SIGKILL')
  // How much of it there was; each scrape comes from an ordinary peer.
  const text = await (await fetch(`http://127.0.0.1:${webhook.metricsPort}/metrics`)).text()
  const refused = [...text.matchAll(/^kernelseal_refused_total\{reason="([^"]+)"\} (\d+)$/gm)]
  test.diagnostic(refused.map(([, reason, count]) => `${reason} ${count}`).join(', '))
  await sleep(10_000)
  // Within a minute: webhook/budget/give-back looks every half.
  for (let n = 0; n < 10 && webhook.resident() > before * MORE; n++) await client(5)
  const end = webhook.resident()
  const figures = { calm: [calm.p50, calm.p99], under: [under.p50, under.p99, under.slowest], before, peak, end }
  test.diagnostic(JSON.stringify({ sent: under.sent, failed: under.failed.length, ...figures }, rounded))
  assert.deepEqual(under.failed, [])
  assert.ok(peak < LIMIT_MB, `${peak} MB`)
  assert.ok(end <= before * MORE, `${end} MB, ${before} MB before`)
  assert.ok(under.p99 <= Math.max(FLOOR, 3 * calm.p99), `p99 ${under.p99} ms, ${calm.p99} ms before`)
})

const rounded = (_key: string, value: unknown): unknown =>
  typeof value === 'number' ? Math.round(value * 10) / 10 : value
