/**
 * Every bomb, answered by a process with the memory of a shipped replica. Before there were limits on the way, the first and third
 * ended such a process and the template one held it for seconds.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { BOMBS } from './bombs.ts'
import { PODS } from './pods.ts'

const ANSWER = fileURLToPath(new URL('./answer-one.ts', import.meta.url))
/** NODE_OPTIONS and memory limit of deploy/base/deployment.yaml. */
const OPTIONS = ['--max-semi-space-size=2', '--max-old-space-size=192']
const MEMORY = 256 * 2 ** 20
/** Milliseconds of a CPU: the Pods behind this one wait for as long. Most is that of code which runs for the first time. */
const STALL_MS = 500

describe('a request that asks for much', () => {
  for (const [what, make] of Object.entries({ ...BOMBS, ...PODS })) {
    it(`of ${what} is answered at once`, (t) => {
      const { status, signal, stdout, stderr } = spawnSync(process.execPath, [...OPTIONS, ANSWER], { input: make() })
      assert.deepEqual([status, signal], [0, null], String(stderr).slice(-2000))
      const seen = JSON.parse(String(stdout))
      t.diagnostic(
        `${seen.took.toFixed(0)} ms of a CPU, ${(seen.maxRss / 2 ** 20).toFixed(0)} MiB: ${seen.kind} ${seen.message}`,
      )
      assert.notEqual(seen.kind, 'fail')
      assert.ok(seen.took < STALL_MS, `${seen.took} ms`)
      assert.ok(seen.maxRss < MEMORY, `${seen.maxRss} bytes`)
    })
  }
})
