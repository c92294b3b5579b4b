/** `npm run bench:webhook [-- SECONDS]`: the webhook as a process of its own, over TLS, the client beside it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { load, percentile } from './client.ts'
import { REVIEWS } from './reviews.ts'

const MAIN = fileURLToPath(new URL('../../../webhook/main.ts', import.meta.url))
const CONCURRENCIES = [1, 16, 64]

async function main(): Promise<void> {
  const seconds = Number(process.argv[2] ?? 5)
  const directory = mkdtempSync(join(tmpdir(), 'kernelseal-bench-'))
  const caOut = join(directory, 'ca.pem')
  const flags = ['--agent-image', 'a', '--host', '127.0.0.1', '--port', '0', '--metrics-port', '0', '--ca-out', caOut]
  const began = performance.now()
  const child = spawn(process.execPath, [MAIN, ...flags], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines = createInterface(child.stdout)
  const [line] = await once(lines, 'line')
  const ready = performance.now() - began
  const { port, metricsPort } = JSON.parse(line)
  const ca = readFileSync(caOut, 'utf8')
  process.stdout.write(
    `${cpus().length} cores, load ${loadavg()[0]!.toFixed(1)}; ready in ${ready.toFixed(0)} ms, ${rss(child.pid!)} MB\n\n`,
  )
  process.stdout.write(
    '| review | connections | req/s | p50 ms | p99 ms | server ms, mean | RSS MB |\n|---|--:|--:|--:|--:|--:|--:|\n',
  )
  for (const [name, body] of Object.entries(REVIEWS)) {
    await load(port, ca, body, 4, Math.min(2, seconds))
    for (const connections of CONCURRENCIES) {
      const before = await serverTime(metricsPort)
      const { requests, seconds: took, latencies } = await load(port, ca, body, connections, seconds)
      const after = await serverTime(metricsPort)
      const mean = ((after.sum - before.sum) / (after.count - before.count)) * 1000
      const cells = [name, connections, (requests / took).toFixed(0), percentile(latencies, 0.5).toFixed(2)]
      process.stdout.write(
        `| ${[...cells, percentile(latencies, 0.99).toFixed(2), mean.toFixed(2), rss(child.pid!)].join(' | ')} |\n`,
      )
    }
  }
  child.kill('SIGTERM')
  await once(child, 'exit')
  rmSync(directory, { recursive: true })
}

/** Resident memory, proc_pid_status(5). */
const rss = (pid: number): string =>
  (Number(/VmRSS:\s+([0-9]+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024).toFixed(0)

/** From the webhook's own histogram: from the last byte of a request to its answer being ready. */
async function serverTime(port: number): Promise<{ sum: number; count: number }> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  const read = (what: string) =>
    Number(new RegExp(`kernelseal_admission_duration_seconds_${what} (\\S+)`).exec(text)?.[1] ?? 0)
  return { sum: read('sum'), count: read('count') }
}

await main()
