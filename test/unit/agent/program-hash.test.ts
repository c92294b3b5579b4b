/** Reading a waiting program for `verify: sha256`, when it is very large or its process ends: the rest of the agent goes on. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { MOST_HASHED, programHash } from '../../../agent/delivery/program-hash.ts'
import { openWaiting } from '../../../agent/delivery/stopped.ts'
import type { Guard } from '../../../agent/node/guard.ts'
import { parseConfig } from '../../../agent/policy/parse.ts'
import type { WaitEvent } from '../../../agent/wire/event.ts'

const MIB = 2 ** 20
const wanted = (): AbortSignal => new AbortController().signal

let folder: string
let program: string
let child: ChildProcess | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kernelseal-program-'))
  program = join(folder, 'program')
  copyFileSync('/bin/sleep', program)
})

afterEach(() => {
  child?.kill('SIGKILL')
  rmSync(folder, { recursive: true })
})

/** A process whose program has that many bytes, all but its first without a block on disk. */
async function sized(bytes?: number): Promise<number> {
  if (bytes !== undefined) truncateSync(program, bytes)
  child = spawn(program, ['600'])
  const pid = child.pid as number
  while (readlinkSync(`/proc/${pid}/exe`) !== program) await turn()
  return pid
}

const isOpen = (path: string): boolean =>
  readdirSync('/proc/self/fd').some((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === path
    } catch {
      return false // it was the listing's own
    }
  })

async function closed(path: string): Promise<void> {
  while (isOpen(path)) await turn()
}

test('the hash of the file that a process runs, and of another file once it is another', async () => {
  const expected = createHash('sha256').update(readFileSync(program)).digest('hex')
  const pid = await sized()
  const hashes = await Promise.all([programHash(pid, wanted()), programHash(pid, wanted())])
  assert.deepEqual(hashes, [expected, expected])
  await closed(program)
})

test('a program of a tebibyte is refused by its size, with the limit named', async () => {
  const pid = await sized(2 ** 40)
  await assert.rejects(programHash(pid, wanted()), new RegExp(`has ${2 ** 40} bytes, and none above ${MOST_HASHED}`))
  assert.ok(!isOpen(program))
})

test('the event loop turns while a program is read', async () => {
  const pid = await sized(32 * MIB)
  let isDone = false
  let turns = 0
  const reading = programHash(pid, wanted()).finally(() => {
    isDone = true
  })
  while (!isDone) {
    await turn()
    turns++
  }
  assert.match(await reading, /^[0-9a-f]{64}$/)
  assert.ok(turns > 32, `${turns} turns`)
})

test('a reading that is ended leaves its turn to the next one', async () => {
  const pid = await sized(32 * MIB)
  const unwanted = new AbortController()
  const first = programHash(pid, unwanted.signal)
  const second = programHash(pid, wanted())
  unwanted.abort(new Error('not wanted'))
  await assert.rejects(first, /not wanted/)
  assert.ok(isOpen(program), 'the second one has begun')
  assert.match(await second, /^[0-9a-f]{64}$/)
  await closed(program)
})

const { config } = parseConfig(
  `secrets: [{ name: a, selector: { binary: /a, verify: "sha256:${'0'.repeat(64)}" }, secretRefs: [{ name: A, source: { envRef: A } }] }]`,
  'c',
)

/** An agent's work for that process, which its kernel has stopped before its first instruction. */
function work(pid: number): ReturnType<ReturnType<typeof openWaiting>['complete']> {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[22 - 3]
  const start = BigInt(ticks ?? '') * 10_000_000n
  const wait = { pid: 0, actor: { pid, nsPid: pid, start }, bindings: 1n, unproved: true, adds: false }
  const waiting = openWaiting(
    {} as Guard,
    1,
    () => config.secrets,
    () => new Map(),
  )
  return waiting.complete(wait as unknown as WaitEvent)
}

test('a waiting process with such a program is killed, and so is one with another content', async () => {
  for (const [size, why] of [
    [2 ** 40, /bytes, and none above/],
    [MIB, /its SHA-256 is/],
  ] as const) {
    const pid = await sized(size)
    const ended = new Promise((resolve) => child?.once('exit', (_, signal) => resolve(signal)))
    const killed = await work(pid)
    assert.equal(killed?.reason, 'not-pinned')
    assert.match(killed?.why ?? '', why)
    assert.equal(await ended, 'SIGKILL')
  }
})

test('a process that ends while its program is read is read no further, and not reported', async () => {
  const pid = await sized(MOST_HASHED)
  const done = work(pid)
  await turn()
  assert.ok(isOpen(program))
  child?.kill('SIGKILL')
  assert.equal(await done, undefined)
  await closed(program)
})
