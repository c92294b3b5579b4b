/** The pictures of the docs: of a run, or once more of the run that is kept. See scripts/pictures --help. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { readDashboard } from './dashboard.ts'
import { runDemo } from './demo.ts'
import { KEPT, madeFiles } from './made.ts'
import { record } from './record.ts'
import { emptyQueries, type Run } from './run.ts'

const ROOT = join(import.meta.dirname, '../..')

const { values: options } = parseArgs({
  options: {
    prometheus: { type: 'string', default: '' },
    kernel: { type: 'string', default: '6.1' },
    lead: { type: 'string', default: '300' },
    redraw: { type: 'boolean', default: false },
  },
})
const dashboard = readDashboard()
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
try {
  const { run, output } = options.redraw
    ? kept()
    : await record(dashboard, { ...options, lead: Number(options.lead), demo: runDemo })
  // Drawn before anything is written: a run with a fault leaves the earlier pictures as they are.
  const made = madeFiles(dashboard, run, output, read)
  if (!options.redraw) made.set(KEPT.run, `${JSON.stringify(run)}\n`).set(KEPT.output, output)
  for (const [path, text] of made) {
    mkdirSync(dirname(join(ROOT, path)), { recursive: true })
    writeFileSync(join(ROOT, path), text)
  }
  console.log(`\n==> written: ${[...made.keys()].join(', ')}`)
  for (const line of emptyQueries(run, dashboard)) console.log(`    no data: ${line}`)
} catch (error) {
  console.error(`scripts/pictures: ${(error as Error).message}`)
  process.exitCode = 1
}

function kept(): { run: Run; output: string } {
  try {
    return { run: JSON.parse(read(KEPT.run)) as Run, output: read(KEPT.output) }
  } catch (error) {
    throw new Error(
      `no run is kept that could be drawn again: ${(error as Error).message}; run scripts/pictures without --redraw`,
    )
  }
}
