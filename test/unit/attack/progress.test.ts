import assert from 'node:assert/strict'
import { test } from 'node:test'
import { leaked } from '../../../agent/attack/attempt.ts'
import { openProgress } from '../../../agent/attack/report/progress.ts'

function shown(isTTY: boolean, verbose: boolean): string {
  const chunks: string[] = []
  const to = { isTTY, write: (chunk: string | Uint8Array) => chunks.push(String(chunk)) > 0 }
  const progress = openProgress({ total: 2, verbose, to })
  progress.onStage('beginning')
  progress.onOutcome('sealed', 'root', 'environ-pid', leaked('at byte 3 of environ'))
  progress.end()
  return chunks.join('')
}

test('nothing is shown when standard error is no terminal', () => {
  assert.equal(shown(false, false), '')
})

test('a terminal shows one line that changes and is gone at the end', () => {
  assert.equal(shown(true, false), '\r\x1b[K-- beginning\r\x1b[K[1/2] sealed, root: environ-pid\r\x1b[K')
})

test('verbose shows every outcome on a line of its own, terminal or not', () => {
  const lines = '-- beginning\n[1/2] sealed, root: environ-pid: leaked at byte 3 of environ\n'
  assert.equal(shown(false, true), lines)
  assert.equal(shown(true, true), lines)
})
