/**
 * The webhook with its shipped limits under every request that asks for much, in any mix, beside an ordinary client:
 * `node --test test/fire/bombs.test.ts`; BOMB_SECONDS (30), BOMB_SEED (1). FIRE_MAIN: another tree's `webhook/main.ts`; the code before
 * there were limits on the way ends within the first seconds.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, it } from 'node:test'
import { REVIEWS } from '../bench/webhook/reviews.ts'
import { ordinary } from './ordinary.ts'
import { type Running, startWebhook } from './webhook-process.ts'

const SECONDS = Number(process.env.BOMB_SECONDS ?? 30)
const SEED = process.env.BOMB_SEED ?? '1'
/** Pods a second beside it. */
const RATE = 20
/** Of memory before it, that there may be a minute after. */
const MORE = 1.15
/** The memory limit of deploy/base, MB. */
const LIMIT_MB = 256

const body = Object.values(REVIEWS)[0]!
let webhook: Running
before(async () => {
  webhook = await startWebhook(process.env.FIRE_MAIN)
})
after(() => webhook?.stop())

it(`admits ordinary Pods through two times ${SECONDS} s of bombs, seed ${SEED}, within its memory`, async (test) => {
  // Compiled and grown to its size, as after a day.
  await ordinary(webhook.port, webhook.ca, body, 150, 10)
  const calm = await ordinary(webhook.port, webhook.ca, body, RATE, 10)
  const before = webhook.resident()
  const first = await bombed(SEED, before)
  const second = await bombed(`${SEED}1`, before)
  const metrics = await (await fetch(`http://127.0.0.1:${webhook.metricsPort}/metrics`)).text()
  const refused = metrics.split('\n').filter((line) => /^kernelseal_refused_total.* [1-9]/.test(line))
  test.diagnostic(JSON.stringify({ calm: [calm.p50, calm.p99], before, first, second, refused }))
  for (const { bombs, under, peak } of [first, second]) {
    assert.ok(bombs > SECONDS, `too few bombs: ${bombs}`)
    assert.deepEqual(under.failed, [])
    assert.ok(peak < LIMIT_MB, `${peak} MB`)
  }
  for (const { end } of [first, second]) assert.ok(end <= before * MORE, `${before} MB before, ${end} MB after`)
})

/** @param before MB, which memory is to come near again */
async function bombed(seed: string, before: number) {
  let peak = 0
  const watching = setInterval(() => {
    peak = Math.max(peak, webhook.resident())
  }, 100)
  const bomber = spawn(process.execPath, [join(import.meta.dirname, 'bomber.ts'), `${webhook.port}`, seed])
  let counts = '{}'
  createInterface(bomber.stdout).on('line', (line) => {
    counts = line
  })
  const under = await ordinary(webhook.port, webhook.ca, body, RATE, SECONDS)
  clearInterval(watching)
  bomber.kill('SIGKILL')
  const end = await memoryNear(before * MORE)
  return { bombs: JSON.parse(counts).answered ?? 0, under, peak, end }
}

/** Memory once it is below a limit, or after a minute of ordinary Pods: `webhook/budget/give-back` looks every half. */
async function memoryNear(limit: number): Promise<number> {
  for (let n = 0; n < 12 && webhook.resident() > limit; n++) await ordinary(webhook.port, webhook.ca, body, RATE, 5)
  return webhook.resident()
}
