/**
 * One cell, in its virtual machine: `node cell.ts KERNEL CONFIG SWEEP_SECONDS`. Everything that is run writes to standard error, which is
 * the cell's log; standard output is the result, one JSON document.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { release, tmpdir } from 'node:os'
import { join } from 'node:path'
import { outcomesIn } from '../lib/reporter.ts'
import type { CellResult, Config, TestReport } from './result.ts'
import { faultsOf } from './result.ts'

const REPOSITORY = join(import.meta.dirname, '../..')
const TESTS = ['test/kernel/delivery/delivery.test.ts', 'test/kernel/delivery/children.test.ts']
const LOCKED_TESTS = 'test/locked/**/*.test.ts'
/** A third of the cell's time: a test that hangs must not take the suite's result with it. */
const TESTS_MS = 800_000
const DAY_MS = 86_400_000
/** The tests' last processes end within it, also emulated on a busy machine. */
const SCOPES_MS = 120_000

/** Seconds: on both sides together, of two attackers; emulated that is a part of the steps. */
const [kernel = '', config = '', sweepSeconds = '360'] = process.argv.slice(2)
const began = Date.now()
const tests = runTests()
waitForScopes()
const attack = runAttack()
const sweep = runSweep()
const result: CellResult = {
  kernel,
  config: config as Config,
  release: release(),
  lsms: readFileSync('/sys/kernel/security/lsm', 'utf8'),
  lockdown: readFileSync('/sys/kernel/security/lockdown', 'utf8'),
  date: new Date().toISOString().slice(0, 10),
  seconds: Math.round((Date.now() - began) / 1000),
  attack,
  ...(sweep && { sweep }),
  tests,
}
console.error(summaryOf(result))
process.stdout.write(`${JSON.stringify(result)}\n`)

/**
 * A scope lasts as long as a process that it sealed. One that the tests left would refuse samples of whole CPUs to the control run of the
 * attack, which is inside of it.
 */
function waitForScopes(): void {
  for (const deadline = Date.now() + SCOPES_MS; Date.now() < deadline; ) {
    if (JSON.parse(kernelseal(['status', '--json']).stdout).scopes.length === 0) return
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000)
  }
  console.error('the tests left a scope')
}

/** Without a document there is no outcome, even with status 0. */
function runAttack(): CellResult['attack'] {
  const { stdout, status, signal, error } = kernelseal(['attack', '--disruptive', '--verbose', '--json'])
  try {
    return JSON.parse(stdout)
  } catch {
    return { error: error?.message ?? `it ended with ${signal ?? `status ${status}`}; the log says why` }
  }
}

/**
 * In one configuration of each kernel: it asks for a kernel's ways, not for the manner of refusal. Another part with
 * each day's date.
 */
function runSweep(): CellResult['sweep'] {
  if (config !== 'lsm') return undefined
  const options = ['attack', '--sweep', '--json', '--as', 'root', '--as', 'same-uid', '--budget', sweepSeconds]
  const { stdout, status, signal, error } = kernelseal([...options, '--seed', String(Math.floor(began / DAY_MS))])
  try {
    const { seed, budgetSeconds, attackers, ways, tried, exitStatus } = JSON.parse(stdout)
    return { seed, budgetSeconds, attackers, ways, tried, exitStatus }
  } catch {
    return { error: error?.message ?? `it ended with ${signal ?? `status ${status}`}; the log says why` }
  }
}

function kernelseal(args: readonly string[]) {
  return spawnSync(join(REPOSITORY, 'node_modules/.bin/kernelseal'), args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  })
}

function runTests(): TestReport {
  const outcomes = join(mkdtempSync(join(tmpdir(), 'kernelseal-cell-')), 'tests.jsonl')
  const reporters = [
    ...['--test-reporter=spec', '--test-reporter-destination=stderr'],
    ...[
      `--test-reporter=${join(import.meta.dirname, '../lib/reporter.ts')}`,
      `--test-reporter-destination=${outcomes}`,
    ],
  ]
  const files = config === 'locked' ? [...TESTS, LOCKED_TESTS] : TESTS
  const { status, signal } = spawnSync(
    process.execPath,
    ['--import', './scripts/test.d/leave.ts', '--test', '--test-concurrency=1', ...reporters, ...files],
    { cwd: REPOSITORY, stdio: ['ignore', 2, 'inherit'], timeout: TESTS_MS },
  )
  const fault = status === 0 ? undefined : `the test runner ended with ${signal ?? `status ${status}`}`
  const { passed, skipped, failed } = outcomesIn(readFileSync(outcomes, 'utf8'), fault)
  return { passed, skipped, failed }
}

function summaryOf(of: CellResult): string {
  const faults = faultsOf(of)
  const { passed } = of.tests
  const refused = 'error' in of.attack ? 0 : of.attack.counts.refused
  return `${faults.length === 0 ? 'green' : `NOT GREEN: ${faults.join('; ')}`} (${refused} refused, ${passed} tests passed, ${of.seconds} s)`
}
