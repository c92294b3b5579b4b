/** How many of the ring buffer's records the agent turns into events, metrics and log lines in a second of one core. */
import { Writable } from 'node:stream'
import { describe } from '../../../agent/events/describe.ts'
import { openLog } from '../../../agent/events/sinks/log.ts'
import { openMetrics } from '../../../agent/events/sinks/metrics.ts'
import { parseConfig } from '../../../agent/policy/parse.ts'
import { COUNTER_NAMES, type Counter } from '../../../agent/wire/constants.ts'
import { decodeEvent } from '../../../agent/wire/decode.ts'
import { encode } from '../../../agent/wire/encode.ts'
import type { KernelEvent } from '../../../agent/wire/event.ts'
import { ACCESS, ACTION, EVENT, EXEC, INJECT, KIND, TASK } from '../../../agent/wire/generated.ts'

const BATCH = 10_000

/** Records as the kernel writes them, in the proportion of a busy Pod: mostly refusals, some starts and deliveries. */
function records(): Buffer[] {
  const actor = encode(TASK, { start: 123456789n, tgid: 4711, tid: 4712, ns_tgid: 12, comm: Buffer.from('postgres') })
  const file = Buffer.from('/usr/lib/postgresql/16/bin/postgres')
  const begun = (kind: number) => encode(EVENT, { time: 1n, kind, scope: 4026532000, actor })
  const blocked = { action: ACTION.BLOCKED, way: 1, target: actor, bindings: 1n }
  const access = encode(ACCESS, { event: begun(KIND.ACCESS), ...blocked })
  const exec = encode(EXEC, { event: begun(KIND.EXEC), file })
  const inject = encode(INJECT, { event: begun(KIND.INJECT), file, bindings: 1n, count: 2, duration: 20_000n })
  return [access, access, access, exec, inject]
}

const bindings = parseConfig(
  JSON.stringify({ version: 'v1', secrets: [{ name: 'b', secretRefs: [{ name: 'V', source: { value: 'v' } }] }] }),
  'bench',
).config.secrets

/** The steps of handling a record, from the least to all of it. `copied`: out of the ring's memory, as the agent does. */
const STEPS: Readonly<Record<string, (record: Buffer) => void>> = {
  decoded: (record) => void decodeEvent(Buffer.from(record)),
  'and counted': counted(),
  'and logged as JSON': logged('json'),
  'and logged as text': logged('text'),
}

function counted(): (record: Buffer) => void {
  const metrics = benchMetrics()
  return (record) => metrics.observe(decodeEvent(Buffer.from(record)))
}

function logged(format: 'json' | 'text'): (record: Buffer) => void {
  const metrics = benchMetrics()
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done(), highWaterMark: 1 << 30 })
  const log = openLog(format, 'info', nowhere)
  return (record) => {
    const event: KernelEvent = decodeEvent(Buffer.from(record))
    metrics.observe(event)
    for (const line of describe(event, bindings)) log.write(line)
  }
}

function benchMetrics() {
  const counters = Object.fromEntries(COUNTER_NAMES.map((name) => [name, 0])) as Record<Counter, number>
  return openMetrics(
    () => counters,
    () => 0,
    { tier: 'none', delivery: 'none', skipped: () => new Map() },
    () => 'enforce',
  )
}

/** @param seconds of processor time for each step @returns events in a second of processor time */
export function eventRates(seconds: number): Record<string, number> {
  return Object.fromEntries(Object.entries(STEPS).map(([name, step]) => [name, rateOf(step, seconds)]))
}

/** By processor time: a busy machine takes turns away, and the question is the capacity of a core. */
function rateOf(step: (record: Buffer) => void, seconds: number): number {
  const all = records()
  const batch = () => {
    for (let i = 0; i < BATCH; i++) step(all[i % all.length]!)
  }
  batch() // compiled by then
  const start = process.cpuUsage()
  let done = 0
  let used = 0
  while (used < seconds * 1e6) {
    batch()
    done += BATCH
    const { user, system } = process.cpuUsage(start)
    used = user + system
  }
  return (done / used) * 1e6
}
