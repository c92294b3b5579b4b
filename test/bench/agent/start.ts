/**
 * `node start.ts CONFIG`: an agent's work from its start until it is ready, but for the kernel: modules and libbpf, the
 * configuration, the values, the kernel's entries, layouts against the object, metrics and their server, the canary's process. Says
 * the server's port, then stays as an idle agent does.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import '../../../agent/cli/run.ts'
import { loadAgentConfig } from '../../../agent/config/load.ts'
import { openLog } from '../../../agent/events/sinks/log.ts'
import { openMetrics } from '../../../agent/events/sinks/metrics.ts'
import { readLayouts } from '../../../agent/libbpf/btf.ts'
import { trimAfterStart } from '../../../agent/linux/memory.ts'
import { OBJECT_PATH } from '../../../agent/node/load.ts'
import { listen } from '../../../agent/run/health.ts'
import type { Session } from '../../../agent/run/session.ts'
import { entriesOf } from '../../../agent/scope/entries.ts'
import { resolveAll } from '../../../agent/sources/resolve.ts'
import { openSources } from '../../../agent/sources/sources.ts'
import { COUNTER_NAMES, type Counter } from '../../../agent/wire/constants.ts'
import { STRUCTS } from '../../../agent/wire/generated.ts'
import { layoutDifferences } from '../../../agent/wire/layout.ts'

const agent = loadAgentConfig({ config: process.argv[2]! })
const log = openLog('json', 'info', process.stderr)
const values = await resolveAll(agent.config, openSources())
const entries = entriesOf({ ...agent, scope: 1, values, generation: 1 })
const names = STRUCTS.map(({ name }) => name)
const differences = layoutDifferences(readLayouts(OBJECT_PATH, names))
if (entries.length === 0 || differences.length > 0)
  throw new Error('there is nothing to measure: build the object first')
const counters = Object.fromEntries(COUNTER_NAMES.map((name) => [name, 0])) as Record<Counter, number>
const metrics = openMetrics(
  () => counters,
  () => 0,
  { tier: 'none', delivery: 'none', skipped: () => new Map() },
  () => 'enforce',
)
const session: Session = {
  metrics,
  tier: 'none',
  notReady: () => undefined,
  reload: async () => {},
  serve: () => Promise.reject(new Error('nothing is served here')),
  close: async () => {},
}
const server = await listen({ host: '127.0.0.1', port: 0, enabled: true }, session)
const canary = spawn(process.execPath, ['-'], { env: {}, stdio: ['pipe', 'ignore', 'ignore'] })
await once(canary, 'spawn')
canary.kill('SIGKILL')
log.say('debug', 'OK', 'ready')
process.once('SIGTERM', () => process.exit()) // only then is the compiled code kept
trimAfterStart()
process.stdout.write(`${server.port}\n`)
