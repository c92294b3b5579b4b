/** A process that waits is written into and continued only while the kernel's record of it says that it waits. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { stateOf } from '../../../agent/attack/runner/launch.ts'
import { openWaiting } from '../../../agent/delivery/stopped.ts'
import type { Guard } from '../../../agent/node/guard.ts'
import type { WaitEvent } from '../../../agent/wire/event.ts'
import { PROC_FLAG, PROCESS } from '../../../agent/wire/generated.ts'

let child: ChildProcess
let start: bigint

beforeEach(async () => {
  child = spawn('/bin/sleep', ['600'])
  child.kill('SIGSTOP')
  while (stateOf(child.pid as number) !== 'T') await sleep(5)
  const stat = readFileSync(`/proc/${child.pid}/stat`, 'latin1')
  start = BigInt(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[22 - 3] ?? '') * 10_000_000n
})
afterEach(() => child.kill('SIGKILL'))

/** Serves the child, of whose kernel this is the only record. */
async function served(flags: number, recorded: bigint): Promise<string> {
  const record = Buffer.alloc(PROCESS.size)
  record.writeUInt32LE(flags, PROCESS.fields.flags[0])
  record.writeBigUInt64LE(recorded, PROCESS.fields.start[0])
  const guard = { map: () => ({ get: () => record, keys: () => [] }) } as unknown as Guard
  const pid = child.pid as number
  const wait = { pid: 0, key: 1n, actor: { pid, nsPid: pid, start }, bindings: 1n, unproved: false, adds: false }
  const waiting = openWaiting(
    guard,
    1,
    () => [],
    () => new Map(),
  )
  assert.equal(await waiting.complete(wait as unknown as WaitEvent), undefined)
  return stateOf(pid)
}

test('one that waits is continued', async () => {
  assert.notEqual(await served(PROC_FLAG.WAITING, start), 'T')
})

test('one that does not wait any more is left alone', async () => {
  assert.equal(await served(PROC_FLAG.SEALED, start), 'T')
})

test('and so is another that has its number, and started within the same 10 ms', async () => {
  assert.equal(await served(PROC_FLAG.WAITING, start + 1n), 'T')
})
