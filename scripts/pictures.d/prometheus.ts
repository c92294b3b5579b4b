/** A Prometheus that scrapes the run's two programs, and its answers over a range of time. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Series } from './run.ts'

export interface Target {
  readonly job: string
  readonly port: number
  /** As the relabelling of a PodMonitor would set them. */
  readonly labels: Readonly<Record<string, string>>
}

interface Range {
  /** Unix time in seconds. */
  readonly from: number
  readonly step: number
  readonly count: number
}

export interface Prometheus {
  readonly range: (expression: string, range: Range) => Promise<Series[]>
  readonly stop: () => Promise<void>
}

const START_MS = 60_000

/** @param program path of Prometheus @param folder for its configuration and its data */
export async function startPrometheus(
  program: string,
  folder: string,
  targets: readonly Target[],
): Promise<Prometheus> {
  const [data, config, port] = [join(folder, 'data'), join(folder, 'prometheus.json'), await freePort()]
  mkdirSync(data, { recursive: true })
  writeFileSync(config, configuration(targets))
  const flags = [`--config.file=${config}`, `--storage.tsdb.path=${data}`, `--web.listen-address=127.0.0.1:${port}`]
  const child = spawn(program, [...flags, '--log.level=error'], { stdio: ['ignore', 'inherit', 'inherit'] })
  const url = `http://127.0.0.1:${port}`
  for (const end = Date.now() + START_MS; !(await answers(`${url}/-/ready`)); await sleep(200)) {
    if (child.exitCode !== null || Date.now() > end)
      throw new Error(`Prometheus did not start at ${url}: its messages are above`)
  }
  return {
    range: (expression, range) => queryRange(url, expression, range),
    stop: async () => {
      child.kill('SIGTERM')
      if (child.exitCode === null) await once(child, 'exit')
    },
  }
}

/** @returns its version, as `2.42.0` */
export function versionOf(program: string): string {
  const { stdout, stderr } = spawnSync(program, ['--version'], { encoding: 'utf8' })
  return /version ([0-9.]+)/.exec(stdout + stderr)?.[1] ?? 'of unknown version'
}

/** JSON, which is YAML too. */
function configuration(targets: readonly Target[]): string {
  const jobs = targets.map(({ job, port, labels }) => ({
    job_name: job,
    static_configs: [{ targets: [`127.0.0.1:${port}`], labels }],
  }))
  return JSON.stringify({ global: { scrape_interval: '2s', scrape_timeout: '2s' }, scrape_configs: jobs })
}

/** Prometheus does not tell which port it was given for port 0. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  return port
}

const answers = (url: string): Promise<boolean> =>
  fetch(url).then(
    ({ ok }) => ok,
    () => false,
  )

interface Matrix {
  readonly error?: string
  readonly data?: { readonly result: readonly { metric: Record<string, string>; values: [number, string][] }[] }
}

/** @throws Error with Prometheus' words when it cannot evaluate the expression */
async function queryRange(url: string, query: string, { from, step, count }: Range): Promise<Series[]> {
  const times = { start: String(from), end: String(from + step * (count - 1)), step: String(step) }
  const answer = await fetch(`${url}/api/v1/query_range?${new URLSearchParams({ query, ...times })}`)
  const { data, error } = (await answer.json()) as Matrix
  if (!data) throw new Error(`Prometheus cannot evaluate \`${query}\`: ${error}; correct deploy/grafana/dashboard.json`)
  return data.result.map(({ metric, values }) => {
    const at = new Map(values.map(([time, value]) => [Math.round((time - from) / step), Number(value)]))
    return { labels: metric, values: Array.from({ length: count }, (_, i) => kept(at.get(i))) }
  })
}

/** Four digits are more than a picture shows; where a quantile has no samples Prometheus says NaN. */
function kept(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? Number(value.toPrecision(4)) : null
}
