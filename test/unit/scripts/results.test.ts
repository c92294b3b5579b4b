/** The last line of scripts/test, from the logs of its stages. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { temporaryFolder } from '../temporary.ts'

const ROOT = join(import.meta.dirname, '../../..')
const folder = temporaryFolder('results')

/** @param logs name of a stage → its output */
function finish(logs: Readonly<Record<string, string>>) {
  const place = join(folder, `${Object.keys(logs)}`)
  mkdirSync(place)
  writeFileSync(join(place, '.stages'), '')
  for (const [name, text] of Object.entries(logs)) writeFileSync(join(place, name), text)
  const script = 'set -euo pipefail; . scripts/test.d/results.sh; logs=$1; finish'
  const { status, stdout } = spawnSync('bash', ['-c', script, 'bash', place], { cwd: ROOT, encoding: 'utf8' })
  return { status, lines: stdout.trim().split('\n') }
}
const summary = (pass: number, fail: number, skipped: number) =>
  `ℹ tests ${pass + fail + skipped}\nℹ pass ${pass}\nℹ fail ${fail}\nℹ cancelled 0\nℹ skipped ${skipped}\nℹ todo 0\n`

describe('the closing line of scripts/test', () => {
  it('counts and names a suite that is skipped whole, which node does not count', () => {
    const { status, lines } = finish({ unit: `﹣ helm template (0.1ms) # there is no Helm\n${summary(3, 0, 0)}` })
    assert.deepEqual([status, lines.at(-1)], [0, '3 passed, 0 failed, 1 skipped'])
    assert.ok(lines.includes('    skipped in unit: helm template (0.1ms) # there is no Helm'))
  })

  it('counts a skipped test once, and a stage that has only a number by its number', () => {
    const { lines } = finish({ kernel: `  ﹣ one (0.1ms) # why\n${summary(1, 0, 1)}`, cluster: summary(2, 0, 4) })
    assert.equal(lines.at(-1), '3 passed, 0 failed, 5 skipped')
  })

  it('says at the end which tests failed, each once, and why', () => {
    const why = '\ntest at a.test.ts:1:1\n✖ opens nothing (2ms)\n  AssertionError: 3 !== 0'
    const log = `▶ a file\n  ✖ opens nothing (2ms)\n▶ a file\n${summary(2, 1, 0)}\n✖ failing tests:\n${why}\n`
    const { lines } = finish({ 'kernel-6.1': log })
    assert.deepEqual(lines.slice(-3), [
      '  AssertionError: 3 !== 0',
      '    failed in kernel-6.1: opens nothing (2ms)',
      '2 passed, 1 failed',
    ])
  })

  it('ends as always where the reasons are long', () => {
    const reasons = `    at a.test.ts:1:1\n`.repeat(100_000)
    const { lines } = finish({ long: `${summary(0, 1, 0)}\n✖ failing tests:\n✖ opens nothing (2ms)\n${reasons}` })
    assert.deepEqual(lines.slice(-2), ['    failed in long: opens nothing (2ms)', '0 passed, 1 failed'])
    assert.ok(lines.length < 100, `${lines.length} lines`)
  })

  it('adds none where nothing was skipped, and fails with a failure or without a test', () => {
    assert.deepEqual(
      [finish({ all: summary(2, 0, 0) }).lines.at(-1), finish({ bad: summary(2, 1, 0) }).status],
      ['2 passed, 0 failed', 1],
    )
    assert.equal(finish({ none: '' }).status, 1)
  })
})
