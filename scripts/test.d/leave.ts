/**
 * Preloaded by test files in a machine of their own: processes that a test left running, to be ended with the
 * machine, do not hold its file up. Node's --test-force-exit ends before all results are told: 26 tests of 119 went
 * missing, silently.
 */
import { after, afterEach } from 'node:test'

/** Nothing was written for so many looks, a second apart: everything is told. A busy process misses looks, and so waits. */
const QUIET_LOOKS = 5
const LOOK_MS = 1_000

let failed = false

function leaveWhenQuiet(): void {
  let [written, quiet] = [-1, 0]
  const look = (): void => {
    const { bytesWritten, writableLength } = process.stdout as typeof process.stdout & { bytesWritten: number }
    quiet = bytesWritten === written && writableLength === 0 ? quiet + 1 : 0
    written = bytesWritten
    // The runner has set no status yet while something holds the process up.
    if (quiet >= QUIET_LOOKS) process.exit(failed ? 1 : undefined)
  }
  setInterval(look, LOOK_MS).unref()
}

// Also loaded by the process that runs the files, which has no such variable.
if (process.env.NODE_TEST_CONTEXT) {
  afterEach((context) => {
    failed ||= (context as unknown as { passed: boolean }).passed === false // since Node 21.7; not in its types
  })
  after(leaveWhenQuiet)
}
