import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startTriggers, type Triggers } from '../../../agent/reload/triggers.ts'

let folder: string
let triggers: Triggers
let asked: boolean[]
let lasting: number

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kernelseal-triggers-'))
  asked = []
  lasting = 0
})
afterEach(() => {
  triggers.close()
  rmSync(folder, { recursive: true })
})

function start(livePolicy: boolean, periodMs?: number): void {
  const run = async ({ policy }: { policy: boolean }) => {
    asked.push(policy)
    await sleep(lasting)
  }
  triggers = startTriggers(() => [join(folder, 'key')], livePolicy, run, periodMs)
}

/** On a busy machine a timer or an event comes late. */
async function untilAsked(times: number): Promise<void> {
  const end = performance.now() + 20_000
  while (asked.length < times && performance.now() < end) await sleep(10)
}

test('a changed file starts a reload, of the policy too where that is live', async () => {
  start(true)
  writeFileSync(join(folder, 'key'), 'x')
  await untilAsked(1)
  await sleep(400)
  assert.deepEqual(asked, [true])
})

test('without any event the timer looks again, for events that were lost', async () => {
  start(false, 50)
  await untilAsked(2)
  assert.ok(asked.length >= 2 && asked.every((policy) => !policy), String(asked))
})

test('requests while a reload runs become one more, for all of them', async () => {
  lasting = 50
  start(false)
  const all = [false, false, true, false].map((policy) => triggers.ask({ policy }))
  await Promise.all(all)
  assert.deepEqual(asked, [false, true])
})

test('after the end nothing is started any more', async () => {
  lasting = 30
  start(false, 20)
  void triggers.ask({ policy: false })
  void triggers.ask({ policy: false })
  triggers.close()
  writeFileSync(join(folder, 'key'), 'x')
  await sleep(250)
  assert.deepEqual(asked, [false])
})
