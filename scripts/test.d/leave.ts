/**
 * Preloaded by test files in a machine of their own: what a test left running, to be ended with the machine, does not hold its file up.
 * Node's --test-force-exit ends before all results are told: 26 tests of 119 went missing, and nobody complained.
 */
import { after } from 'node:test'

/** For what is still being written. */
const LEAVE_MS = 5_000

// Also loaded by the process that runs the files, which has no such variable.
if (process.env.NODE_TEST_CONTEXT) after(() => void setTimeout(() => process.exit(), LEAVE_MS).unref())
