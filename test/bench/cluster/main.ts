/** `npm run bench:cluster`: the time KernelSeal adds to the start of a Pod. See HELP. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Sample } from './samples.ts'
import { renderPage } from './table.ts'

const HELP = `usage: npm run bench:cluster -- [options]

From \`kubectl apply\` to a running application, with injection and without, in turn on one node of scripts/cluster: a real kubelet,
containerd and an enforcing kernel, emulated. About 45 s for each pair of Pods, and some minutes for the cluster.

  --pods N   of each kind (default: 20)
  --json     the raw data instead of the table
  --write    table and raw data into docs/benchmarks/cluster.md and cluster.json
`
const REPOSITORY = join(import.meta.dirname, '../../..')
const DOCS = join(REPOSITORY, 'docs/benchmarks')

const { values: options } = parseArgs({
  options: {
    pods: { type: 'string', default: '20' },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
if (options.help) process.stdout.write(HELP)
else main()

function main(): void {
  const folder = mkdtempSync(join(tmpdir(), 'kernelseal-bench-'))
  try {
    const output = join(folder, 'samples.json')
    const env = { ...process.env, KERNELSEAL_PODS: options.pods, KERNELSEAL_BENCH_OUTPUT: output }
    const command = ['--node', 'test/bench/cluster/starts.test.ts']
    const ran = spawnSync(join(REPOSITORY, 'scripts/test-cluster'), command, {
      cwd: REPOSITORY,
      env,
      stdio: ['ignore', 2, 'inherit'],
    })
    if (ran.status !== 0) throw new Error('the Pods did not all start; scripts/test-cluster says why above')
    print(JSON.parse(readFileSync(output, 'utf8')))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function print(samples: readonly Sample[]): void {
  const text = renderPage(samples, new Date(), cpus().length)
  if (options.write) {
    writeFileSync(join(DOCS, 'cluster.md'), text)
    writeFileSync(join(DOCS, 'cluster.json'), `${JSON.stringify(samples)}\n`)
  }
  process.stdout.write(options.json ? `${JSON.stringify(samples)}\n` : text)
}
