/** The processes that are told of a rotation, and that they are found among real ones. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, it } from 'node:test'
import { statFields } from '../../../agent/linux/procfs.ts'
import type { ProcessRecord } from '../../../agent/node/process-records.ts'
import { DEFAULT_SELECTOR } from '../../../agent/policy/secrets/selector.ts'
import { isHolder, numberOf, toldOf, toldOnce } from '../../../agent/reload/holders.ts'
import { scopeNumber } from '../../../agent/scope/scope.ts'
import { PROC_FLAG } from '../../../agent/wire/generated.ts'
import { temporaryFolder } from '../temporary.ts'

const { SEALED, GIVEN, ENDED } = PROC_FLAG
const SCOPE = scopeNumber()
const record = (start: bigint, flags: number, more: Partial<ProcessRecord> = {}): ProcessRecord => ({
  scope: SCOPE,
  flags,
  start,
  bindings: 1n,
  pid: 100,
  container: 3n,
  generation: 1n,
  ...more,
})
const GIVER = record(5n, SEALED | GIVEN)
const copies = [record(9n, SEALED), record(7n, SEALED), record(8n, SEALED)]
const startsOf = (records: readonly ProcessRecord[]): bigint[] => toldOf(records).map(({ start }) => start)

it('the process that was given values is told, and its copies are not', () => {
  assert.deepEqual(startsOf([...copies, GIVER]), [5n])
})

it('where it has ended the eldest of its copies is, once for all of them', () => {
  assert.deepEqual(startsOf(copies), [7n])
  assert.equal(toldOnce(copies[0]!), toldOnce(copies[1]!))
  assert.notEqual(toldOnce(GIVER), toldOnce(copies[0]!))
})

it('copies of another process, container or generation are others', () => {
  const others = [{ pid: 101 }, { container: 4n }, { generation: 2n }, { bindings: 3n }]
  assert.equal(startsOf([...copies, ...others.map((more) => record(20n, SEALED, more))]).length, 5)
})

it('a process that has ended, is not sealed or is of another scope holds no value', () => {
  assert.ok(isHolder(copies[0]!, SCOPE))
  for (const none of [record(1n, SEALED | ENDED), record(1n, 0), record(1n, SEALED, { scope: 7 })])
    assert.ok(!isHolder(none, SCOPE))
})

/** A program of its own: others of this machine may start in the same 10 ms. */
const PROGRAM = join(temporaryFolder('holders'), 'holder')
let child: ChildProcess
before(async () => {
  copyFileSync('/usr/bin/sleep', PROGRAM)
  child = spawn(PROGRAM, ['100'])
  await once(child, 'spawn')
})
after(() => child.kill('SIGKILL'))

it('a copy is found by its start, and one that is not there is not', () => {
  const binding = { name: 'a', selector: { ...DEFAULT_SELECTOR, binary: PROGRAM }, secretRefs: [] }
  const start = BigInt(statFields(child.pid as number)(22) as string) * 10_000_000n
  assert.equal(numberOf(record(start, SEALED), binding), child.pid)
  assert.equal(numberOf(record(1n, SEALED), binding), undefined)
  assert.equal(numberOf(record(1n, SEALED | GIVEN, { pid: 4711 }), binding), 4711)
})
