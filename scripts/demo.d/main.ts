/** The demo's half on the machine: webhook, admission, VM. See scripts/demo --help. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { makeDatabase } from './database.ts'
import { inMode, patched, readManifest, summaryOf } from './manifest.ts'
import { keepPages } from './metrics-page.ts'
import type { Pod } from './pod/spec.ts'
import { shortened, step, tell } from './say.ts'
import { startWebhook } from './webhook.ts'

const REPOSITORY = join(import.meta.dirname, '../..')
const MANIFEST = 'deploy/examples/demo-pod.yaml'
/** Of the VM's run: five times the need of an idle machine. */
const TIMEOUT_SECONDS = 600

/**
 * Compiled here in a second, the agent's and the suite's modules save the emulated machine a minute. The cache is
 * portable: its paths are relative, and the repository has another place in the VM.
 */
const CACHE = 'node_modules/.cache/kernelseal-demo'
const COMPILED = ['agent/cli/run.ts', 'agent/attack/runner/attacker.ts', 'scripts/demo.d/pod/kubelet.ts']

const { values: options } = parseArgs({
  options: {
    kernel: { type: 'string', default: '6.1' },
    verbose: { type: 'boolean', default: false },
    metrics: { type: 'string' },
  },
})
/** Running parts that have to end before we do; the last started first. */
const running: (() => unknown)[] = []
const folder = mkdtempSync(join(tmpdir(), 'kernelseal-demo-'))
for (const [signal, number] of [
  ['SIGINT', 2],
  ['SIGTERM', 15],
] as const)
  process.once(signal, () => abort(128 + number))
try {
  chmodSync(folder, 0o711) // PostgreSQL's user has to get to its folder
  await admit()
  step('Making a PostgreSQL database for the application')
  makeDatabase(join(folder, 'database'))
  step(`Booting a real Debian kernel (${options.kernel}) for the containers`)
  warmCache()
  process.exitCode = await boot()
} catch (error) {
  console.error(`scripts/demo: ${options.verbose ? (error as Error).stack : (error as Error).message}`)
  process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** The manifest through the webhook, twice: as it is, and in mode `disabled` for comparison. */
async function admit(): Promise<void> {
  step('Starting the webhook: TLS on loopback, its own CA')
  const webhook = await startWebhook(folder)
  running.push(webhook.stop)
  try {
    const pod = readManifest(join(REPOSITORY, MANIFEST))
    step(`Sending ${MANIFEST} to ${webhook.url}, in an AdmissionReview`)
    const operations = await webhook.review(pod)
    tell(`the patch that came back:\n${summaryOf(operations)}`)
    const sealed = patched(pod, operations)
    tell(`what \`kubectl describe pod\` will show of app's environment:\n${environmentOf(sealed)}`)
    writePod('enforce', sealed)
    const exposed = inMode(pod, 'disabled')
    writePod('disabled', patched(exposed, await webhook.review(exposed)))
    if (options.verbose) tell(JSON.stringify(sealed, null, 2))
  } finally {
    await webhook.stop()
  }
}

function writePod(name: string, pod: Pod): void {
  writeFileSync(join(folder, `${name}.json`), JSON.stringify(pod))
}

function environmentOf({ spec }: Pod): string {
  const env = spec.containers.find(({ name }) => name === 'app')?.env ?? []
  return env.map(({ name, value }) => `  ${name}: ${shortened(value ?? '')}`).join('\n')
}

function warmCache(): void {
  mkdirSync(join(REPOSITORY, CACHE), { recursive: true })
  const imports = COMPILED.map((path) => `await import('./${path}')`).join(';')
  const env = { ...process.env, ...cacheEnvironment('.') }
  spawnSync(process.execPath, ['--input-type=module', '-e', imports], { cwd: REPOSITORY, env, stdio: 'inherit' })
}

function cacheEnvironment(repository: string) {
  return { NODE_COMPILE_CACHE: join(repository, CACHE), NODE_COMPILE_CACHE_PORTABLE: '1' }
}

async function boot(): Promise<number> {
  const environment = Object.entries(cacheEnvironment('/work')).flatMap(([name, value]) => [
    '--env',
    `${name}=${value}`,
  ])
  const vm = [
    ...['--kernel', options.kernel, '--timeout', String(TIMEOUT_SECONDS), '--share', folder],
    ...(options.verbose ? ['--verbose'] : []),
    ...environment,
    ...(options.metrics ? ['--env', 'KSEAL_DEMO_METRICS=1'] : []),
  ]
  const shared = `/share/${folder.slice(folder.lastIndexOf('/') + 1)}`
  const command = ['node', 'scripts/demo.d/guest.ts', shared]
  const child = spawn(join(REPOSITORY, 'scripts/vm'), [...vm, '--', ...command], {
    stdio: ['ignore', 'inherit', options.metrics ? 'pipe' : 'inherit'],
  })
  if (options.metrics) keepPages(child.stderr!, options.metrics)
  running.push(() => child.kill('SIGTERM'))
  const [status] = (await once(child, 'exit')) as [number | null]
  return status ?? 1
}

function abort(status: number): void {
  for (const stop of running.reverse()) stop()
  rmSync(folder, { recursive: true, force: true })
  process.exit(status)
}
