/**
 * Two replicas of the webhook, each with its container's memory, under every hostile request and every flood in any mix, by a seed, while
 * Pods are admitted. `scripts/test-siege` runs it; SIEGE_SECONDS, SIEGE_SEED, SIEGE_RATE. FIRE_MAIN: another tree's `webhook/main.ts`.
 */
import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { REVIEWS } from '../bench/webhook/reviews.ts'
import { type Running, startWebhook } from '../fire/webhook-process.ts'
import { weigh } from '../fire/weigh.ts'
import { mulberry } from '../support/random.ts'
import { besiege, KINDS, type Kind } from './besiegers.ts'
import { type MemoryBox, openMemoryBox } from './memory-box.ts'
import { type Readiness, watchReadiness } from './readiness.ts'
import { Service } from './service.ts'
import { complaints, type Round, tableOf } from './table.ts'

const SECONDS = Number(process.env.SIEGE_SECONDS ?? 60)
const SEED = Number(process.env.SIEGE_SEED ?? 1)
const RATE = Number(process.env.SIEGE_RATE ?? 100)
/** The limit of deploy/base. */
const LIMIT = 256 << 20
/** How long without a request, but the probes, until memory is compared. */
const IDLE_MS = 1_000 * Number(process.env.SIEGE_IDLE ?? 60)
/** Ordinary Pods of all sizes until it is compiled and grown to its size, as after a day: one that served nothing is no replica. */
const WARM_MS = 60_000

const ALL_SIZES = Object.values(REVIEWS)
const bodies = ALL_SIZES.slice(0, 2)
const boxes: (MemoryBox | undefined)[] = []
const replicas: (Running & { readonly readiness: Readiness })[] = []
before(async () => {
  weigh('self', -12)
  for (const n of [1, 2]) {
    const box = openMemoryBox(`kernelseal-siege-${process.pid}-${n}`, LIMIT)
    const running = await startWebhook(process.env.FIRE_MAIN, box?.enter)
    boxes.push(box)
    replicas.push({ ...running, readiness: watchReadiness(running) })
  }
})
after(async () => {
  for (const { readiness, stop } of replicas) {
    readiness.stop()
    await stop()
  }
  for (const box of boxes) box?.remove()
  weigh('self', 0)
})

it(`two replicas besieged for ${SECONDS} s, seed ${SEED}, ${RATE} admissions a second`, async (test) => {
  const service = new Service(replicas.map(({ port, ca, readiness }) => ({ port, ca, isReady: readiness.isReady })))
  await service.ask(ALL_SIZES, RATE, WARM_MS)
  await sleep(IDLE_MS)
  const atRest = replicas.map(({ resident }) => resident())
  const { rounds, answered } = await siege(service)
  await sleep(IDLE_MS)
  service.close()
  const heaps = await Promise.all(replicas.map(heapOf))
  const memory = replicas.map(({ resident }, n) => ({ before: atRest[n]!, after: resident() }))
  const why = service.admissions.filter((one) => one.why !== '').map((one) => one.why)
  process.stdout.write(`\n${tableOf(KINDS, rounds)}\n\n`)
  test.diagnostic(`${service.admissions.length} admissions, ${why.length} failed, ${service.again} sent twice`)
  test.diagnostic(
    `${answered} hostile requests answered; ${replicas.map(({ readiness }) => readiness.lapses())} times unready`,
  )
  test.diagnostic(
    `memory: ${boxes[0]?.limitedBy ?? 'no control group, so watched'}; MB ${JSON.stringify(memory)}, V8 ${heaps}`,
  )
  const kills = boxes.reduce((all, box) => all + (box?.kills() ?? 0), 0)
  const isBombed = rounds.some(({ kinds }) => kinds.includes('bombs'))
  assert.ok(answered > 0 || !isBombed, 'no hostile request was answered: there was no siege')
  assert.deepEqual(complaints(why, replicas.filter(hasEnded).length + kills, memory), [])
})

/** MB of V8, by the metrics. */
async function heapOf({ metricsPort }: Running): Promise<string> {
  const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text()
  const sizes = [...text.matchAll(/^nodejs_(?:heap_size_total|external_memory)_bytes (\d+)$/gm)]
  return sizes.map(([, bytes]) => (Number(bytes) / 2 ** 20).toFixed(0)).join('+')
}

const hasEnded = ({ child }: Running): boolean => child.exitCode !== null || child.signalCode !== null

async function siege(service: Service): Promise<{ rounds: Round<Kind>[]; answered: number }> {
  const random = mulberry(SEED)
  const rounds: Round<Kind>[] = []
  let answered = 0
  const end = performance.now() + SECONDS * 1000
  while (performance.now() < end && !replicas.some(hasEnded)) {
    // One at least, and three on average.
    const one = Math.floor(random() * KINDS.length)
    const kinds = KINDS.filter((_, n) => n === one || random() < 1 / 4)
    const ms = 5_000 + random() * 10_000
    const besiegers = kinds.flatMap((kind) => replicas.map((one) => besiege(kind, one, Math.floor(random() * 2 ** 31))))
    await Promise.all(besiegers.map(({ begun }) => begun))
    const round = { kinds, ...(await watched(service, ms)) }
    for (const besieger of besiegers) answered += await besieger.end()
    rounds.push(round)
    // As it happens: a run may take hours.
    const { failed, slowest, peak } = round
    process.stdout.write(
      `${failed} failed, slowest ${slowest.toFixed(0)} ms, ${peak.toFixed(0)} MB: ${kinds.join(', ')}\n`,
    )
  }
  return { rounds, answered }
}

/** A round: the figures of its admissions, and of memory. */
async function watched(service: Service, ms: number): Promise<Omit<Round<Kind>, 'kinds'>> {
  let peak = 0
  const watching = setInterval(() => {
    if (!replicas.some(hasEnded)) peak = Math.max(peak, ...replicas.map(({ resident }) => resident()))
  }, 100)
  const first = service.admissions.length
  await service.ask(bodies, RATE, ms)
  clearInterval(watching)
  const own = service.admissions.slice(first)
  const slowest = Math.max(...own.map(({ took }) => took))
  return { seconds: ms / 1000, asked: own.length, failed: own.filter(({ why }) => why !== '').length, slowest, peak }
}
