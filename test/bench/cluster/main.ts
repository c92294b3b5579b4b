/** `npm run bench:cluster`: what KernelSeal adds to the start of a Pod. See HELP. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Sample } from './samples.ts'
import { renderStarts } from './table.ts'

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
  const text = page(samples)
  if (options.write) {
    writeFileSync(join(DOCS, 'cluster.md'), text)
    writeFileSync(join(DOCS, 'cluster.json'), `${JSON.stringify(samples)}\n`)
  }
  process.stdout.write(options.json ? `${JSON.stringify(samples)}\n` : text)
}

const page = (samples: readonly Sample[]): string => `# What KernelSeal adds to the start of a Pod

Written by \`npm run bench:cluster -- --write\` on ${new Date().toISOString().slice(0, 10)}; raw data in cluster.json. ${samples.length / 2} Pods of each kind, one after the other and in turn, on one node
of Kubernetes 1.36.3 with kernel 6.1, containerd and runc: a virtual machine under emulation on ${cpus().length} processors, where a program takes about fifteen times
as long as it does natively. What counts is the ratio of columns and parts. Median, and lowest to highest.

${renderStarts(samples)}
The application waits for the agent's start-up probe, which is asked once a second. The first agent of a node loads the programs, the
others adopt them.
`
