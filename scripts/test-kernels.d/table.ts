/** Results of cells → docs/kernels.md. Pure. */
import type { Tally } from '../../agent/attack/sweep/request.ts'
import type { AttackReport, CellResult, Config } from './result.ts'
import { CONFIGS, faultsOf } from './result.ts'

/** The rows of the suite; attempts name theirs by number. */
export const ROWS: Readonly<Record<number, string>> = {
  1: '`environ` by every way procfs, mounts and io_uring offer',
  2: '`mem`, and files of procfs that are in no list',
  3: 'ptrace, `process_vm_*`, `process_madvise`, `pidfd_getfd`, `kcmp`, perf samples',
  4: 'a tracer that is there before the exec',
  5: '`maps` and its kin, with `blockMaps: true`',
  6: 'core dumps',
  7: 'children',
  8: 'look-alikes of the bound program, other files in its place',
  9: '`LD_PRELOAD` set by a child or a visitor',
  10: 'visitors, as `kubectl exec` brings them',
  11: 'debug containers: an admission matter, which the tests of the webhook show; no attempt here',
  12: 'the agent',
  13: 'our maps, programs and pins',
  14: 'kernel memory, tracefs, files and calls that change the kernel',
  15: 'handles from before the seal',
}

const TITLES: Readonly<Record<Config, string>> = {
  lsm: '`bpf` in `lsm=`',
  fmod_ret: 'without `bpf`',
  locked: '`lockdown=integrity`',
}

const numbers = Object.keys(ROWS).map(Number)

/** @param kernels in the order of the table */
export function renderDocument(kernels: readonly string[], results: readonly CellResult[]): string {
  const cells = kernels.flatMap((kernel) => CONFIGS.map((config) => ({ kernel, config })))
  const found = cells.map((cell) => ({
    ...cell,
    result: results.find(({ kernel, config }) => kernel === cell.kernel && config === cell.config),
  }))
  const run = found.flatMap(({ result }) => result ?? [])
  return [INTRODUCTION, rowTable(found), legend(), cellTable(found), ...sweeps(run), notes(run)]
    .join('\n\n')
    .concat('\n')
}

const INTRODUCTION = `# The claims, kernel by kernel

Written by \`scripts/test-kernels\`; do not edit. Every cell is one run of the whole bypass suite (\`kernelseal attack
--disruptive\`) and of the kernel tests on a Debian kernel in a virtual machine. Each attempt was made first on a canary without
protection and then on a sealed one, by five attackers: root, a container's root, uid 0 and uid 65534 without capabilities,
and the application's own user. \`n/n\`: so many of them worked without protection, and so many of those were refused with it.
\`-\`: no attempt of the row was possible there; the reasons are below. Empty: the suite has none.`

interface Cell {
  readonly kernel: string
  readonly config: Config
  readonly result: CellResult | undefined
}

function rowTable(cells: readonly Cell[]): string {
  const body = cells.map(({ kernel, config, result }) => [
    kernel,
    TITLES[config],
    ...(result ? numbers.map((row) => refusedOf(result.attack, row)) : numbers.map(() => 'not run')),
  ])
  return table([['Kernel', 'Configuration', ...numbers.map(String)], ...body])
}

/** Attempts that the kernel itself refuses to an attacker are not counted: they prove nothing about us. */
function refusedOf(attack: CellResult['attack'], row: number): string {
  if ('error' in attack) return 'failed'
  const verdicts = attack.attempts.filter((attempt) => attempt.row === row).flatMap((a) => Object.values(a.verdicts))
  const count = (kinds: readonly string[]) => verdicts.filter(({ kind }) => kinds.includes(kind)).length
  const tried = count(['refused', 'leaked', 'unproved'])
  if (tried === 0) return verdicts.length === 0 ? '' : '-'
  const refused = count(['refused'])
  return refused === tried ? `${refused}/${tried}` : `**${refused}/${tried}**`
}

function legend(): string {
  return numbers.map((row) => `${row}. ${ROWS[row]}`).join('\n')
}

function cellTable(cells: readonly Cell[]): string {
  const head = ['Kernel', 'Configuration', 'Release', 'Refusal', 'Delivery', 'Kernel tests', 'Date', 'Outcome']
  const body = cells.map(({ kernel, config, result }) => {
    if (!result) return [kernel, TITLES[config], '', '', '', '', '', 'not run']
    const { attack, tests, release, date } = result
    const tiers = 'error' in attack ? ['', ''] : [attack.tier, attack.delivery]
    const passed = `${tests.passed} passed, ${tests.failed.length} failed${tests.skipped ? `, ${tests.skipped} skipped` : ''}`
    const faults = faultsOf(result)
    return [kernel, TITLES[config], release, ...tiers, passed, date, faults.length === 0 ? 'green' : '**not green**']
  })
  return table([head, ...body])
}

/** Nothing where no cell has swept. */
function sweeps(results: readonly CellResult[]): string[] {
  const swept = results.flatMap(({ kernel, sweep }) => (sweep && !('error' in sweep) ? [{ kernel, sweep }] : []))
  if (swept.length === 0) return []
  const steps = (tallies: readonly Tally[], key: 'taken' | 'calls') =>
    tallies.reduce((sum, tally) => sum + tally[key], 0)
  const body = swept.map(({ kernel, sweep: { ways, tried, attackers, seed } }) => [
    kernel,
    attackers.join(', '),
    String(seed),
    ...(['unprotected', 'sealed'] as const).map(
      (side) => `${steps(tried[side], 'taken')} (${steps(tried[side], 'calls')} calls)`,
    ),
    String(ways.unprotected.length),
    ways.sealed.length === 0 ? '0' : `**${ways.sealed.length}**`,
  ])
  const head = [
    'Kernel',
    'Attackers',
    'Seed',
    'Steps without protection',
    'Steps, sealed',
    'Ways without protection',
    'Ways, sealed',
  ]
  const every = [...new Set(swept.flatMap(({ sweep }) => sweep.ways.unprotected))].toSorted()
  return [SWEEP, table([head, ...body]), `Found without protection: ${every.map((way) => `\`${way}\``).join(', ')}.`]
}

const SWEEP = `## The sweep

\`kernelseal attack --sweep\` tries what a kernel offers, known or not, on a process whose environment, heap, registers and files hold
random needles: a part of the steps in each run, chosen by the seed. A way is one file name, one system call, or one bit of a perf
sample that showed 8 bytes of a needle. \`call N\`: a system call by its number.`

/**
 * Attempts that were not refused, cell by cell, and those that could not be made, grouped by the cells that have them
 * in common.
 */
function notes(results: readonly CellResult[]): string {
  const faults = results.flatMap((result) =>
    faultsOf(result).map((fault) => `- ${result.kernel}, ${result.config}: ${fault}`),
  )
  const skipped = new Map<string, string[]>()
  for (const { kernel, config, attack } of results) {
    if ('error' in attack) continue
    for (const line of linesOf(attack, `${kernel} ${config}`))
      skipped.set(line.text, [...(skipped.get(line.text) ?? []), line.cell])
  }
  const lines = [...skipped].map(
    ([text, cells]) => `- ${text}: ${cells.length === results.length ? 'everywhere' : cells.join(', ')}`,
  )
  return [
    '## Not green',
    faults.length ? faults.join('\n') : 'Nothing.',
    '## Skipped, unproved or leaked, and why',
    lines.length ? lines.join('\n') : 'Nothing.',
  ].join('\n\n')
}

/** One line an attempt and reason, with the attackers it holds for. */
function linesOf({ attempts }: AttackReport, cell: string): { text: string; cell: string }[] {
  return attempts.flatMap(({ id, row, verdicts }) => {
    const noted = Object.entries(verdicts).filter(([, { kind }]) => kind !== 'refused' && kind !== 'kernel')
    const groups = Map.groupBy(noted, ([, { kind, why }]) => `${kind}, ${why}`)
    return [...groups].map(([why, all]) => ({
      text: `row ${row}, \`${id}\`, ${all.map(([attacker]) => attacker).join(', ')}: ${why.replaceAll(/\d{2,} (bytes|values)/g, 'n $1')}`,
      cell,
    }))
  })
}

function table([head = [], ...body]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...body.map(line)].join('\n')
}
