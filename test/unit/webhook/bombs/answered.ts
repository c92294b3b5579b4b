/** A bomb, answered by a process with the memory of a shipped replica. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

const ANSWER = fileURLToPath(new URL('./answer-one.ts', import.meta.url))
/** NODE_OPTIONS and memory limit of deploy/base/deployment.yaml. */
const OPTIONS = ['--max-semi-space-size=2', '--max-old-space-size=192']
const MEMORY = 256 * 2 ** 20
/** Milliseconds of a CPU: the Pods behind this one wait for as long. Most is that of code which runs for the first time. */
const STALL_MS = 500

/** That it ends neither the process nor its patience. */
export function assertAnswered(test: TestContext, body: string | Buffer): void {
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [...OPTIONS, ANSWER], { input: body })
  assert.deepEqual([status, signal], [0, null], String(stderr).slice(-2000))
  const seen = JSON.parse(String(stdout))
  test.diagnostic(
    `${seen.took.toFixed(0)} ms of a CPU, ${(seen.maxRss / 2 ** 20).toFixed(0)} MiB: ${seen.kind} ${seen.message}`,
  )
  assert.notEqual(seen.kind, 'fail')
  assert.ok(seen.took < STALL_MS, `${seen.took} ms`)
  assert.ok(seen.maxRss < MEMORY, `${seen.maxRss} bytes`)
}
