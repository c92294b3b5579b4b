/** A log that cannot be written: /dev/full fails as a full disk does (full(4)). */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../temporary.ts'

const folder = temporaryFolder('output')
const OUTPUT = join(import.meta.dirname, '../../../agent/events/sinks/output.ts')
const script = (body: string): string[] => [
  '--input-type=module',
  '-e',
  `import { openOutput } from '${OUTPUT}'\n${body}`,
]

function runInto(path: string, body: string) {
  const fd = openSync(path, 'w')
  try {
    return spawnSync(process.execPath, script(body), { stdio: ['ignore', fd, 'pipe'], encoding: 'utf8' })
  } finally {
    closeSync(fd)
  }
}

test('lines are written at once, in order', () => {
  const path = join(folder, 'log')
  const { status } = runInto(
    path,
    `const out = openOutput(1); for (let i = 0; i < 1000; i++) out.write(i + '\\n'); process.kill(process.pid, 'SIGKILL')`,
  )
  assert.equal(status, null)
  assert.equal(readFileSync(path, 'utf8'), Array.from({ length: 1000 }, (_, i) => `${i}\n`).join(''))
})

test('on a full disk the process goes on, says so once, holds as much as it may and counts its losses', () => {
  const { status, stderr } = runInto(
    '/dev/full',
    `const out = openOutput(1, 100)
     for (let i = 0; i < 20; i++) { out.write('ten bytes\\n'); await new Promise((go) => setTimeout(go, 5)) }
     console.error(out.lost())
     process.exit(7)`,
  )
  const [said, lost, ...rest] = stderr.trim().split('\n')
  assert.match(said ?? '', /^kernelseal: the log cannot be written: ENOSPC.*; up to 100 characters are held/)
  assert.ok(Number(lost) >= 9 && Number(lost) <= 11, lost)
  assert.deepEqual(rest, [])
  assert.equal(status, 7)
})

test('a reader that does not read holds nothing up, and lines beyond its limit are counted', () => {
  const body = `const out = openOutput(1, 100_000)
     for (let i = 0; i < 5000; i++) out.write('x'.repeat(99) + '\\n')
     console.error(out.lost())
     process.exit(0)`
  const slow = `"$0" "$@" | { sleep 3; head -c 10; }`
  const began = performance.now()
  const { stderr } = spawnSync('/bin/bash', ['-c', slow, process.execPath, ...script(body)], { encoding: 'utf8' })
  assert.ok(Number(stderr) > 3000, stderr)
  assert.ok(performance.now() - began > 2_500)
})
