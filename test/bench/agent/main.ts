/** `npm run bench:agent`: the cost of an agent beside its work. See HELP. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { configText } from './config.ts'
import { eventRates } from './events.ts'
import { memoryOf } from './process.ts'
import { type Figure, renderFigures } from './table.ts'

const HELP = `usage: npm run bench:agent -- [options]

Memory, start, idle time and events per second of an agent with twenty bindings. What needs no kernel of ours is measured here, the
rest in the test VM, where times are those of an emulator: 15 times a real machine's.

  --no-vm        only what is measured here
  --seconds N    how long the agent idles in the VM (default: 60)
`
const REPOSITORY = join(import.meta.dirname, '../../..')
const STARTS = 5
/** A Prometheus came by, and the pages it needed are mapped again. */
const SCRAPES = 3
const SETTLE_MS = 1_000
const where = 'native'

const { values: options } = parseArgs({
  options: {
    'no-vm': { type: 'boolean', default: false },
    seconds: { type: 'string', default: '60' },
    help: { type: 'boolean', default: false },
  },
})
if (options.help) process.stdout.write(HELP)
else await main()

async function main(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'kernelseal-bench-'))
  try {
    const figures = [...events(), ...(await starts(directory)), ...(options['no-vm'] ? [] : guestFigures())]
    process.stdout.write(`${cpus().length} cores, load ${loadavg()[0]!.toFixed(1)}\n\n${renderFigures(figures)}`)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

/** Records are lost in the kernel alone, and counted there: records that are read are handled, one after the other. */
function events(): Figure[] {
  return Object.entries(eventRates(2)).map(([step, value]) => {
    const target = step === 'decoded' ? {} : { least: 200_000 }
    return { what: `events, ${step}`, where, value, unit: '/s', ...target }
  })
}

/** As the sources are, and as the image has them: compiled before. */
async function starts(directory: string): Promise<Figure[]> {
  const config = join(directory, 'config.yaml')
  writeFileSync(config, configText())
  const compiled = { NODE_COMPILE_CACHE: join(directory, 'compiled'), KERNELSEAL_STATE_DIR: directory }
  const plain = { ...compiled, NODE_DISABLE_COMPILE_CACHE: '1' }
  await start(config, compiled) // compiles
  const figures: Figure[] = []
  for (const [how, env, targets] of [
    ['from sources', plain, {}],
    ['compiled before', compiled, { ms: { most: 400 }, mib: { most: 60 } }],
  ] as const) {
    const runs: Start[] = []
    for (let i = 0; i < STARTS; i++) runs.push(await start(config, env))
    const least = (of: (run: Start) => number) => Math.min(...runs.map(of))
    const { ms, mib } = { ms: {}, mib: {}, ...targets }
    figures.push(
      { what: `start to ready without the kernel, ${how}`, where, value: least((r) => r.ms), unit: 'ms', ...ms },
      { what: `resident, scraped, ${how}`, where, value: least((r) => r.resident), unit: 'MiB', ...mib },
      { what: `of that its own, ${how}`, where, value: least((r) => r.anonymous), unit: 'MiB' },
    )
  }
  const bare = spawnBare()
  return [...figures, { what: 'Node alone, resident', where, value: await bare, unit: 'MiB' }]
}

interface Start {
  readonly ms: number
  readonly resident: number
  readonly anonymous: number
}

/** The shortest of several is the machine's capacity; the rest is other work of it. */
async function start(config: string, env: Readonly<Record<string, string>>): Promise<Start> {
  const began = performance.now()
  return measured([join(import.meta.dirname, 'start.ts'), config], env, async (pid, port) => {
    const ms = performance.now() - began
    for (let i = 0; i < SCRAPES; i++) await (await fetch(`http://127.0.0.1:${port.trim()}/metrics`)).text()
    await sleep(SETTLE_MS)
    return { ms, ...memoryOf(pid) }
  })
}

function spawnBare(): Promise<number> {
  const idle = 'console.log("ready"); setInterval(() => {}, 1e6)'
  return measured(['-e', idle], {}, async (pid) => memoryOf(pid).resident)
}

/** Starts a runtime, and looks at it when it has said its first line. */
async function measured<T>(
  args: string[],
  env: Readonly<Record<string, string>>,
  look: (pid: number, said: string) => Promise<T>,
): Promise<T> {
  const child = spawn(process.execPath, args, {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [said] = await once(child.stdout, 'data')
  const seen = await look(child.pid!, String(said))
  child.kill('SIGTERM')
  await once(child, 'exit')
  return seen
}

function guestFigures(): Figure[] {
  const command = ['node', 'test/bench/agent/guest.ts', options.seconds]
  const vm = spawnSync(join(REPOSITORY, 'scripts/vm'), ['--timeout', '900', '--', ...command], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (vm.status !== 0) throw new Error(`the virtual machine ended with ${vm.status}:\n${vm.stdout}`)
  return JSON.parse(vm.stdout) as Figure[]
}
