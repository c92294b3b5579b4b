/** Runs the long counts, two virtual machines at a time, and keeps their figures. See --help. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { COUNTS, type Run, runsOf } from './counts.ts'
import { runCount } from './machine.ts'
import { pageOf } from './page.ts'
import { codesOf } from './programs.ts'
import { isGood, type Result, stateOf, withResult } from './result.ts'

const HELP = `Usage: scripts/test-counts [OPTION]… [COUNT]…

Runs the tests of test/stress with the numbers that the claims are made with: races, hammers, ends and kills of agents, signals, full
tables. Each runs in a virtual machine of its own; its figures go into docs/counts.json and docs/counts.md as soon as it has ended, with
the code that they are of. A count that has held on the code as it is does not run again, so an interrupted run goes on where it was.

  --list         run nothing: each count, its kernel, about how long it takes, and whether its figures are of this code
  --again        also those that have held on this code
  --jobs N       virtual machines at a time; default 2
  --minutes N    start none that would probably not end within so many minutes from now
  --help         this text

Exit status: 0 when every count asked for holds on this code, 1 otherwise, 2 for a wrong usage.
`
const DOCS = join(import.meta.dirname, '../../docs')
const RESULTS = join(DOCS, 'counts.json')
const cache =
  process.env.KERNELSEAL_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'kernelseal')
const LOGS = join(cache, 'test-counts')

interface Options {
  readonly jobs: number
  readonly minutes: number
  readonly again: boolean
}

let codes: ReadonlyMap<string, string> = new Map()
let results: Result[] = JSON.parse(readFileSync(RESULTS, 'utf8'))

async function main(): Promise<void> {
  const { values, positionals } = parsed()
  if (values.help) return void process.stdout.write(HELP)
  const unknown = positionals.find((name) => COUNTS.every((count) => count.name !== name))
  if (unknown) refuse(`no such count: \`${unknown}\`; there are: ${COUNTS.map(({ name }) => name).join(', ')}`)
  const runs = runsOf(positionals)
  codes = codesOf(runs.map(({ count }) => count.file))
  if (!values.list)
    await runAll(runs, { jobs: number(values, 'jobs'), minutes: number(values, 'minutes'), again: values.again })
  for (const run of runs)
    console.log(`${label(run).padEnd(28)} ${String(run.count.minutes).padStart(3)} min  ${state(run)}`)
  process.exitCode = runs.every((run) => state(run) === 'holds') ? 0 : 1
}

function parsed() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        list: { type: 'boolean' },
        again: { type: 'boolean', default: false },
        jobs: { type: 'string', default: '2' },
        minutes: { type: 'string', default: '100000' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (error) {
    return refuse((error as Error).message)
  }
}

function number(values: Readonly<Record<string, unknown>>, option: string): number {
  const value = Number(values[option])
  return Number.isInteger(value) && value > 0
    ? value
    : refuse(`\`--${option} ${values[option]}\`: not a number above 0`)
}

function refuse(why: string): never {
  console.error(`error: ${why}; see --help`)
  process.exit(2)
}

const label = ({ count, kernel }: Run): string => `${count.name} on ${kernel}`
const state = (run: Run) => stateOf(run, codeFor(run), results)
const codeFor = ({ count }: Run): string => codes.get(count.file)!

async function runAll(runs: readonly Run[], { jobs, minutes, again }: Options): Promise<void> {
  mkdirSync(LOGS, { recursive: true })
  const deadline = Date.now() + minutes * 60_000
  const waiting = runs.filter((run) => again || state(run) !== 'holds')
  const ending = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => ending.abort())
  const lane = async (): Promise<void> => {
    const fits = ({ count }: Run) => Date.now() + count.minutes * 60_000 <= deadline
    for (let at = waiting.findIndex(fits); at >= 0 && !ending.signal.aborted; at = waiting.findIndex(fits))
      await runOne(waiting.splice(at, 1)[0]!, ending.signal)
  }
  await Promise.all(Array.from({ length: jobs }, lane))
  for (const run of waiting) console.log(`==> ${label(run)}: left, it takes about ${run.count.minutes} minutes`)
  if (ending.signal.aborted) process.exit(130)
}

async function runOne(run: Run, signal: AbortSignal): Promise<void> {
  const log = join(LOGS, `${run.count.name}-${run.kernel}.log`)
  console.log(`==> ${label(run)}: started, ${new Date().toTimeString().slice(0, 8)}; its log: ${log}`)
  try {
    const result = await runCount(run, codeFor(run), log, signal)
    keep(result)
    console.log(
      `==> ${label(run)}: ${isGood(result) ? 'holds' : `DOES NOT HOLD: ${result.failed}`}, ${result.seconds} s`,
    )
    for (const line of result.figures) console.log(`    ${line}`)
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

function keep(result: Result): void {
  results = withResult(results, result)
  writeFileSync(RESULTS, `${JSON.stringify(results, null, 2)}\n`)
  writeFileSync(join(DOCS, 'counts.md'), pageOf(results))
}

await main()
