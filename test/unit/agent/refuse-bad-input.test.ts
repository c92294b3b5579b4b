/** The command line's errors for a wrong configuration, before it touches the kernel. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../temporary.ts'

const MAIN = new URL('../../../agent/main.ts', import.meta.url).pathname
const folder = temporaryFolder('bad')
const longFile = join(folder, 'long')
writeFileSync(longFile, 'x'.repeat(4000))

function runWith(text: string) {
  const path = join(folder, 'config.yaml')
  writeFileSync(path, text)
  const args = [MAIN, 'run', '--config', path, '--metrics-port', '0']
  return spawnSync(process.execPath, args, { env: { ...process.env, KERNELSEAL_STATE_DIR: folder }, encoding: 'utf8' })
}

const refusals: readonly [string, string, RegExp, number][] = [
  ['an unknown key', 'version: v1\npolicy: { moode: enforce }\n', /:2: policy\.moode: .*did you mean `mode`/s, 2],
  ['a wrong type', 'version: v1\npolicy: { blockMem: "perhaps" }\n', /:2: policy\.blockMem/, 2],
  [
    'a duplicate variable',
    'version: v1\nsecrets:\n  - name: a\n    selector: { binary: /x }\n    secretRefs:\n      - { name: A, source: { envRef: X } }\n      - { name: A, source: { envRef: Y } }\n',
    /secrets\[0\]\.secretRefs\[1\]\.name/,
    2,
  ],
  [
    'a forbidden name',
    'version: v1\nsecrets:\n  - name: a\n    selector: { binary: /x }\n    secretRefs: [{ name: LD_PRELOAD, source: { envRef: X } }]\n',
    /LD_PRELOAD/,
    2,
  ],
  [
    'a missing secret file',
    'version: v1\nsecrets:\n  - name: a\n    selector: { binary: /x }\n    secretRefs: [{ name: A, source: { fileRef: /nowhere/at/all } }]\n',
    /binding `a`, variable `A`: fileRef `\/nowhere\/at\/all`: there is no such file/,
    1,
  ],
  [
    'a value longer than its placeholder',
    `version: v1\nsecrets:\n  - name: a\n    selector: { binary: /x }\n    secretRefs: [{ name: A, capacity: 100, source: { fileRef: ${longFile} } }]\n`,
    /binding `a`, variable `A`: .*the value has 4000 bytes, its placeholder 100/,
    1,
  ],
]

for (const [what, text, expected, status] of refusals) {
  test(`${what} ends the agent with a sentence that names it, before anything is loaded`, () => {
    const done = runWith(text)
    assert.equal(done.status, status, done.stderr)
    assert.match(done.stderr, expected)
  })
}
