/** `npm run bench:kernel`: the cost of protection, measured in the test VM. See HELP. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { parseArgs } from 'node:util'
import type { BenchResult } from './samples.ts'
import { renderResult } from './table.ts'

const HELP = `usage: npm run bench:kernel -- [options]

Fork, exec and exit, and open and close, without an agent, outside scopes, inside, and with values delivered; with 1, 50 and 500
scopes; once where the kernel writes the values, and once under lockdown=integrity, where the agent does.

  --kernel VERSION  5.10, 6.1, 6.12 or latest (default: 6.1)
  --count           count instructions instead of time, with one scope: the same figure on every machine, idle or busy
  --rounds N        with and without agent in turn, so many times (default: 5); about two minutes each
  --json            the raw data instead of the tables
  --write           tables and raw data into docs/benchmarks/kernel.md and kernel.json; counted, into instructions-VERSION.md and .json
`
const REPOSITORY = join(import.meta.dirname, '../../..')
/** What is common to both ways to measure. */
const MEASURED = `Each variant is compared with itself in the same place and with the same environment,
without an agent, in rounds that alternate; with empty programs on the same hooks, for what the kernel takes for calling any. An exec is vfork, exec and exit of a program of four instructions: the least there can be to
compare with. In the kernel tier the agent is stopped while a sample is taken, so that the figures are the kernel's; in the
stopped tier its work is part of a delivery.`
const TIERS = { kernel: '', stopped: 'lockdown=integrity' } as const
const SECONDS = 7200

const { values: options } = parseArgs({
  options: {
    kernel: { type: 'string', default: '6.1' },
    rounds: { type: 'string', default: '5' },
    count: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
if (options.help) process.stdout.write(HELP)
else await main()

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'kernelseal-bench-'))
  try {
    compile(folder, 'measure')
    compile(folder, 'nothing', '-nostdlib')
    compileBpf(folder, 'floor')
    const results: BenchResult[] = []
    for (const append of Object.values(TIERS)) results.push(await boot(folder, append))
    print(results)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function compile(folder: string, name: string, ...more: string[]): void {
  const source = join(import.meta.dirname, `${name}.c`)
  const { status } = spawnSync('clang', ['-O2', '-Wall', '-static', ...more, '-o', join(folder, name), source], {
    stdio: 'inherit',
  })
  if (status !== 0) throw new Error(`\`${source}\` does not compile; scripts/setup installs clang`)
}

/** As bpf/Makefile does. */
function compileBpf(folder: string, name: string): void {
  const include = `-I/usr/include/${spawnSync('gcc', ['-print-multiarch'], { encoding: 'utf8' }).stdout.trim()}`
  const source = join(import.meta.dirname, `${name}.bpf.c`)
  const options = ['-O2', '-g', '-target', 'bpf', include, '-c', '-o', join(folder, `${name}.o`), source]
  if (spawnSync('clang', options, { stdio: 'inherit' }).status !== 0) throw new Error(`\`${source}\` does not compile`)
}

async function boot(folder: string, append: string): Promise<BenchResult> {
  const { kernel, rounds } = options
  const vm = ['--kernel', kernel, '--append', append, '--share', folder, '--timeout', String(SECONDS)]
  if (options.count) vm.push('--count-instructions')
  const built = `/share/${basename(folder)}`
  const guest = ['node', 'test/bench/kernel/guest.ts', kernel, rounds, built, options.count ? 'count' : 'clock']
  const child = spawn(join(REPOSITORY, 'scripts/vm'), [...vm, '--', ...guest], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  const output = await text(child.stdout)
  const [status] = await ended
  if (status !== 0) throw new Error(`the virtual machine ended with ${status}`)
  return JSON.parse(output)
}

function print(results: readonly BenchResult[]): void {
  const raw = `${JSON.stringify(results)}\n`
  const document = [introduction(), ...results.map(renderResult)].join('\n\n').concat('\n')
  process.stdout.write(options.json ? raw : document)
  if (!options.write) return
  const name = options.count ? `instructions-${options.kernel}` : 'kernel'
  writeFileSync(join(REPOSITORY, `docs/benchmarks/${name}.md`), document)
  writeFileSync(join(REPOSITORY, `docs/benchmarks/${name}.json`), raw)
}

function introduction(): string {
  const day = new Date().toISOString().slice(0, 10)
  if (options.count)
    return `# The cost of protection in instructions

Written by \`npm run bench:kernel -- --count --kernel ${options.kernel} --write\` on ${day}; raw data beside it. Counted by a virtual machine of one processor
whose clock advances by a nanosecond for each instruction of the guest, the kernel's included: the figures are the same on any machine, idle or
busy. Instructions are not cycles: a cache miss costs more, a loop that is predicted well costs less. ${MEASURED}`
  return `# The cost of protection

Written by \`npm run bench:kernel -- --write\` on ${day}; raw data in kernel.json. Measured in a virtual machine under
emulation (${cpus().length} processors, load ${loadavg()[0]!.toFixed(1)} at the end): absolute times are many times those of a real machine, and ratios are what the
emulator makes of the same instructions. ${MEASURED}`
}
