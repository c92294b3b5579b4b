/**
 * The agent's own process, by the names Prometheus' client libraries give. Not prom-client's defaults: those look at the
 * event loop a hundred times a second, in the sidecar of every Pod; these look when asked.
 */
import { readdirSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { VERSION } from '../../config/version.ts'
import { scrapedCounter, scrapedGauge } from './on-scrape.ts'
import { Gauge, type Registry } from './prometheus.ts'

export function addProcessMetrics(registry: Registry): void {
  scrapedGauge(registry, 'process_resident_memory_bytes', 'Memory of the agent', () => process.memoryUsage.rss())
  scrapedGauge(registry, 'process_open_fds', 'Descriptors the agent has open', openDescriptors)
  scrapedGauge(registry, 'process_start_time_seconds', 'When the agent started, in Unix time', () => STARTED)
  scrapedCounter(registry, 'process_cpu_seconds_total', 'CPU time of the agent', cpuSeconds)
  scrapedGauge(
    registry,
    'kernelseal_event_loop_busy_ratio',
    "Share of its life the agent's event loop was busy",
    () => {
      return performance.eventLoopUtilization().utilization
    },
  )
  new Gauge({
    name: 'kernelseal_build_info',
    help: 'Versions of agent and runtime; always 1',
    labelNames: ['version', 'node'],
    registers: [registry],
  }).set({ version: VERSION, node: process.version }, 1)
}

const STARTED = Math.round(performance.timeOrigin / 1000)

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

/** Without the one that reads the folder. */
const openDescriptors = (): number => readdirSync('/proc/self/fd').length - 1
