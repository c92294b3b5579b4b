/**
 * Faults of every kind, in an order that a seed says, at two replicas of the webhook at a real API server, while Pods are created.
 * `scripts/test-chaos` runs it; CHAOS_SECONDS, CHAOS_SEED, CHAOS_RATE.
 */
import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { call } from '../support/cluster/cluster.ts'
import { type Installation, install } from '../support/cluster/installation.ts'
import { mulberry } from '../support/random.ts'
import { CLOCK_ENV } from './clock.ts'
import { FAULTS, type Fault } from './faults.ts'
import { type ApiProxy, openProxy } from './proxy.ts'
import { Steady } from './steady.ts'
import { complaints, type Outcome, tableOf } from './table.ts'
import { broken } from './whole.ts'

const SECONDS = Number(process.env.CHAOS_SECONDS ?? 150)
const SEED = Number(process.env.CHAOS_SEED ?? 1)
const RATE = Number(process.env.CHAOS_RATE ?? 100)
/** How long all may take to be whole again, and how long it has to stay so. */
const RECOVERY_MS = 90_000
const CALM_MS = 2_000

let webhook: Installation
let proxy: ApiProxy
before(async () => {
  proxy = await openProxy()
  webhook = await install({ KSEAL_API_SERVER: proxy.url, KSEAL_CERT_CHECK_SECONDS: '5', ...CLOCK_ENV })
})
after(async () => {
  await call('DELETE', '/api/v1/namespaces/chaos')
  await webhook?.remove()
  proxy?.close()
})

it(`two replicas under faults for ${SECONDS} s, seed ${SEED}, ${RATE} Pods a second`, async (test) => {
  const random = mulberry(SEED)
  const steady = await Steady.begin(RATE)
  await sleep(5_000)
  const outcomes: Outcome[] = []
  const end = performance.now() + SECONDS * 1000
  for (let round: Fault[] = []; performance.now() < end; ) {
    if (round.length === 0) round = shuffled(FAULTS, random)
    const fault = round.pop()!
    const outcome = await suffer(fault, steady, random)
    outcomes.push(outcome)
    const { failed, recovered } = outcome
    // As it happens: a run may take half an hour.
    process.stdout.write(`${fault.name}: ${failed} failed, whole after ${recovered?.toFixed(1) ?? 'never'} s\n`)
    for (const why of outcome.why) process.stdout.write(`    ${why}\n`)
  }
  await steady.end()
  test.diagnostic(`seed ${SEED}: ${steady.sent} Pods, ${steady.failures.length} failed, ${steady.wrong} wrong`)
  process.stdout.write(`\n${tableOf(outcomes)}\n\n`)
  assert.deepEqual(complaints(outcomes, steady.wrong), [])
})

async function suffer(fault: Fault, steady: Steady, random: () => number): Promise<Outcome> {
  const began = performance.now()
  await fault.run({ webhook, proxy, random })
  const recovered = await recovery(steady, performance.now())
  const failures = steady.failedSince(began)
  const why = [...new Set(failures.map((failure) => failure.why.slice(0, 160)))].slice(0, 3)
  return { fault: fault.name, mayFail: fault.mayFail, failed: failures.length, recovered, why }
}

/** @returns seconds until all was whole and stayed so, and no admission failed any more */
async function recovery(steady: Steady, from: number): Promise<number | undefined> {
  let since = performance.now()
  while (performance.now() < from + RECOVERY_MS) {
    const isBroken = (await broken(webhook)) !== '' || steady.failedSince(since).length > 0
    if (isBroken) since = performance.now()
    else if (performance.now() - since >= CALM_MS) return (since - from) / 1000
    await sleep(100)
  }
  return undefined
}

function shuffled<Item>(items: readonly Item[], random: () => number): Item[] {
  const order = items.map((item) => ({ item, key: random() }))
  return order.sort((a, b) => a.key - b.key).map(({ item }) => item)
}
