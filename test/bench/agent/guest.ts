/**
 * `node guest.ts SECONDS`, in the virtual machine: a real agent on twenty bindings, left alone. Standard output is the figures, JSON.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { startAgent } from '../../support/agent-under-test.ts'
import { configText } from './config.ts'
import { cpuSecondsOf, memoryOf } from './process.ts'
import type { Figure } from './table.ts'

/** After the canary, and the work that the start left for later. */
const SETTLE_MS = 5_000

const seconds = Number(process.argv[2])
const began = performance.now()
const agent = await startAgent({ config: configText() })
const ready = performance.now() - began
await sleep(SETTLE_MS)
const before = cpuSecondsOf(agent.pid)
await sleep(seconds * 1000)
const used = cpuSecondsOf(agent.pid) - before
const { resident, anonymous } = memoryOf(agent.pid)
await agent.stop()
const where = 'emulated'
const figures: Figure[] = [
  { what: 'resident, twenty bindings', where, value: resident, unit: 'MiB', most: 60 },
  { what: 'of that its own, not shared files', where, value: anonymous, unit: 'MiB' },
  { what: `idle for ${seconds} s, of a core`, where, value: (used / seconds) * 100, unit: '%', most: 0.1 },
  { what: 'start to ready, kernel programs included', where, value: ready, unit: 'ms' },
]
process.stdout.write(`${JSON.stringify(figures)}\n`)
process.exit(0)
