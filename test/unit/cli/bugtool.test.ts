/** `kernelseal bugtool`. Without `doctor`, which loads kernel programs: that part is tried in virtual machines. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { collect } from '../../../agent/cli/bugtool.ts'

const MAIN = join(import.meta.dirname, '../../../agent/main.ts')
const directory = mkdtempSync(join(tmpdir(), 'kernelseal-bugtool-'))
after(() => rmSync(directory, { recursive: true }))

function bugtool(...args: string[]) {
  const env = { ...process.env, SECRET_OF_MINE: 'hunter2-in-the-environment' }
  const argv = [MAIN, 'bugtool', '--without', 'doctor', ...args]
  return spawnSync(process.execPath, argv, { env, encoding: 'utf8' })
}

test('the document has every part but the one left out, and nothing of the environment', () => {
  const { status, stdout, stderr } = bugtool()
  assert.equal(status, 0, stderr)
  const document = JSON.parse(stdout)
  assert.deepEqual(Object.keys(document), ['time', 'version', 'kernel', 'status', 'events'])
  assert.match(document.version.version, /^\d+\.\d+\.\d+$/)
  assert.match(document.kernel.release, /^\d+\.\d+/)
  assert.deepEqual(Object.keys(document.kernel), ['release', 'lsm', 'lockdown', 'btf'])
  for (const told of [document.kernel.lsm, document.kernel.lockdown])
    assert.ok(Array.isArray(told) || typeof told === 'string' || /securityfs mounted/.test(told.error), stdout)
  assert.ok(Array.isArray(document.status.scopes) || 'error' in document.status, stdout)
  assert.ok(!stdout.includes('hunter2'))
})

test('a part that fails says why in its place, and ends no other', async () => {
  const parts = {
    first: () => {
      throw new Error('the pins are gone')
    },
    second: async () => Promise.reject(new Error('be root')),
    third: () => [1],
  }
  assert.deepEqual(await collect(parts), {
    first: { error: 'the pins are gone' },
    second: { error: 'be root' },
    third: [1],
  })
})

test('a file is new and for its owner alone; one that is there stays as it is', () => {
  const path = join(directory, 'report.json')
  assert.equal(bugtool('--output', path, '--without', 'events').status, 0)
  assert.equal(statSync(path).mode & 0o777, 0o600)
  assert.ok(!Object.hasOwn(JSON.parse(readFileSync(path, 'utf8')), 'events'))
  writeFileSync(path, 'mine')
  const { status, stderr } = bugtool('--output', path)
  assert.equal(status, 1)
  assert.match(stderr, /report\.json` is there already, .*give --output the name of a new file/)
  assert.equal(readFileSync(path, 'utf8'), 'mine')
})

test('a part that is none is refused with those there are', () => {
  const { status, stderr } = bugtool('--without', 'everything')
  assert.equal(status, 2)
  assert.match(stderr, /--without is `doctor`, `status` or `events`, not `everything`/)
})
