/** Changes on real files, as the kubelet, Vault Agent and editors make them. */
import assert from 'node:assert/strict'
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Watch, watchFiles } from '../../../agent/sources/watch.ts'

let folder: string
let watch: Watch
let changes: number

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kernelseal-watch-'))
  changes = 0
})
afterEach(() => {
  watch.close()
  rmSync(folder, { recursive: true })
})

const start = (...files: string[]): void => {
  watch = watchFiles(
    () => files,
    () => changes++,
  )
}

async function settled(expected: number): Promise<void> {
  for (const end = Date.now() + 5000; changes < expected && Date.now() < end; ) await sleep(20)
  await sleep(250) // more than the quiet time: a superfluous call would have come by now
  assert.equal(changes, expected)
}

/** One generation of a volume, as AtomicWriter leaves it. */
function swap(value: string): void {
  const fresh = mkdtempSync(`${folder}/..generation-`)
  writeFileSync(join(fresh, 'key'), value)
  symlinkSync(fresh, join(folder, '..data_tmp'))
  renameSync(join(folder, '..data_tmp'), join(folder, '..data'))
}

test('a swap of ..data is one change', async () => {
  swap('one')
  symlinkSync('..data/key', join(folder, 'key'))
  start(join(folder, 'key'))
  swap('two')
  await settled(1)
  watch.refresh()
  swap('three')
  await settled(2)
})

test('a file written in place, in steps, is one change', async () => {
  const file = join(folder, 'key')
  writeFileSync(file, 'one')
  start(file)
  writeFileSync(file, '')
  for (const step of ['t', 'w', 'o']) {
    appendFileSync(file, step)
    await sleep(20)
  }
  await settled(1)
})

test('a file renamed into place, and one that is removed, are changes', async () => {
  const file = join(folder, 'key')
  start(file)
  writeFileSync(`${file}.new`, 'x')
  renameSync(`${file}.new`, file)
  await settled(1)
  rmSync(file)
  await settled(2)
})

test('a writer that never stops is not waited for longer than a second', async () => {
  const file = join(folder, 'key')
  start(file)
  for (const end = Date.now() + 1500; Date.now() < end; await sleep(30)) appendFileSync(file, 'x')
  assert.ok(changes >= 1)
})

test('other files of the directory are none of our business', async () => {
  start(join(folder, 'key'))
  writeFileSync(join(folder, 'other'), 'x')
  await settled(0)
})

test('a directory that is not there yet is watched from the next refresh on', async () => {
  const file = join(folder, 'later', 'key')
  start(file)
  mkdirSync(join(folder, 'later'))
  watch.refresh()
  writeFileSync(file, 'x')
  await settled(1)
})

test('a time stamp from another year is a change like any other, and no reason to wait', async () => {
  const file = join(folder, 'key')
  writeFileSync(file, 'x')
  start(file)
  utimesSync(file, 0, 0)
  await settled(1)
})
