import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Line } from '../../../agent/events/describe.ts'
import { openJournal } from '../../../agent/events/journal.ts'
import { openRepeats } from '../../../agent/events/repeats.ts'
import { WAY_NAMES } from '../../../agent/wire/constants.ts'
import { delivered, failed, refused, task } from './lines.ts'

const texts = (lines: readonly Line[]): string[] => lines.map(({ text }) => text)

test('of a thousand equal refusals ten are written, and one line says how many more there were', () => {
  const repeats = openRepeats()
  const written = Array.from({ length: 1000 }, (_, i) => repeats.pass(refused(), i)).flat()
  assert.equal(written.length, 10)
  assert.deepEqual(repeats.due(9_999), [])
  const [summary, ...others] = repeats.due(10_000)
  assert.deepEqual(others, [])
  assert.match(summary!.text, /attempted environ access to PID=186 \(sleep\), by cat: repeated 990 times within 10 s$/)
  assert.equal(summary!.fields.repeated, 990)
  assert.equal(summary!.level, 'warn')
  assert.equal(repeats.heldBack(), 990)
})

test('after its window the same is written again, the summary first', () => {
  const repeats = openRepeats()
  for (let i = 0; i < 11; i++) repeats.pass(refused(), 0)
  const again = texts(repeats.pass(refused(), 10_000))
  assert.equal(again.length, 2)
  assert.match(again[0]!, /repeated 1 times/)
  assert.doesNotMatch(again[1]!, /repeated/)
})

test('another program, target, way or action is another line', () => {
  const repeats = openRepeats()
  for (let i = 0; i < 20; i++) repeats.pass(refused(), 0)
  const others = [
    refused('dd'),
    refused('cat', { target: task(187, 'sleep') }),
    refused('cat', { way: 'mem' }),
    refused('cat', { action: 'audited' }),
    failed('no-value'),
  ]
  for (const line of others) assert.deepEqual(repeats.pass(line, 0), [line])
})

test('deliveries are never held back: each tells of another process', () => {
  const repeats = openRepeats()
  const lines = Array.from({ length: 500 }, delivered).flat()
  assert.deepEqual(
    lines.flatMap((line) => repeats.pass(line, 0)),
    lines,
  )
})

test('an attacker with ten thousand names gets a bounded number of lines, and all its tries are counted', () => {
  const repeats = openRepeats()
  const tries = 10_000
  const written = Array.from({ length: tries }, (_, i) => repeats.pass(refused(`name-${i}`), 0)).flat()
  assert.equal(written.length, 256 + 10)
  const summaries = repeats.rest()
  assert.equal(summaries.length, 1)
  assert.match(summaries[0]!.text, /^environ access blocked by programs too many to tell apart: repeated \d+ times/)
  assert.equal(Number(summaries[0]!.fields.repeated), tries - written.length)
})

test('the journal gives counting sinks every line and readable ones the summary when it closes', () => {
  const exact: Line[] = []
  const readable: Line[] = []
  const journal = openJournal([(line) => exact.push(line)], [(line) => readable.push(line)], () => {})
  for (let i = 0; i < 100; i++) journal.write(refused())
  journal.say('info', 'STOP', 'signal received')
  assert.equal(readable.length, 11)
  journal.close()
  journal.close()
  assert.equal(exact.length, 101)
  assert.equal(readable.length, 12)
  assert.match(readable.at(-1)!.text, /repeated 90 times/)
})

test('what a tool outside does in passing is one line an hour, whatever it looks at, and no alarm', () => {
  const repeats = openRepeats()
  const actor = { ...task(900, 'ps'), lineage: 'unknown' } as const
  const looks = Array.from({ length: 50 }, (_, i) => refused('ps', { actor, target: task(200 + i, 'postgres') }))
  const written = looks.flatMap((line) => repeats.pass(line, 0))
  assert.deepEqual(
    written.map(({ level, fields }) => [level, fields.passing]),
    [['info', true]],
  )
  assert.deepEqual(repeats.due(3_599_999), [])
  assert.match(repeats.due(3_600_000)[0]!.text, /by ps: repeated 49 times within an hour$/)
})

test('the same look by a visitor, and an attempt on memory or by ptrace by a tool outside, is an alarm', () => {
  const actor = { ...task(900, 'ps'), lineage: 'unknown' } as const
  const readFscreds = 0x01
  const attachRealcreds = 0x12
  assert.equal(refused('ps').level, 'warn')
  assert.equal(refused('ps', { actor, way: 'mem' }).level, 'warn')
  assert.equal(refused('ps', { actor, way: 'ptrace', detail: attachRealcreds }).level, 'warn')
  assert.equal(refused('lsof', { actor, way: 'ptrace', detail: readFscreds }).level, 'info')
  assert.equal(refused('lsof', { actor, way: 'agent-file', detail: WAY_NAMES.indexOf('maps') }).level, 'info')
  assert.equal(refused('cat', { actor, way: 'agent-file', detail: WAY_NAMES.indexOf('mem') }).level, 'warn')
})
