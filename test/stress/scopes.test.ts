/**
 * Many scopes made and ended by many agents at once, and the entries left of them. The long run:
 * KERNELSEAL_SCOPES=300 KERNELSEAL_AGENTS=50 (and 8 GiB for the machine).
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { test } from 'node:test'
import { BpfMap } from '../../agent/libbpf/map.ts'
import { eventually, kernelseal, startAgent } from '../support/agent-under-test.ts'
import { pidNamespace } from '../support/pid-namespace.ts'

const SCOPES = Number(process.env.KERNELSEAL_SCOPES ?? 12)
const AGENTS = Number(process.env.KERNELSEAL_AGENTS ?? 4)
/** Each has this share of one emulated processor. */
const READY_MS = 180_000 * Math.max(1, AGENTS / 4)
const PINS = '/sys/fs/bpf/kernelseal/v2'
/** Keyed by scope, and readable without being an agent. */
const KEYED = ['paths', 'names', 'rings', 'counters', 'containers', 'owners', 'agents']
const HERE = statSync('/proc/self/ns/pid').ino
const secretOf = (scope: number): string => `secret-of-scope-${scope}-5d`
const config = `
version: v1
policy: { mode: enforce }
secrets:
  - name: printer
    selector: { binary: /usr/bin/printenv, lineage: any }
    secretRefs: [{ name: TOKEN, source: { envRef: SOURCE } }]
`

/** One scope's life: agent, a delivery, the agent killed or stopped, a delivery without it, the end. */
async function life(scope: number): Promise<void> {
  const space = await pidNamespace()
  const args = [...space.args, '--stay']
  const agent = await startAgent({ config, env: { SOURCE: secretOf(scope) }, args, readyMs: READY_MS })
  const printed = (): string => space.run(['/usr/bin/printenv', 'TOKEN'], agent.placeholders).stdout
  assert.equal(printed(), `${secretOf(scope)}\n`)
  if (scope % 2) process.kill(agent.pid, 'SIGKILL')
  else await agent.stop()
  assert.equal(printed(), `${secretOf(scope)}\n`)
  await space.end()
}

const scopesLeft = (): number =>
  (JSON.parse(kernelseal(['status', '--json']).stdout) as { scopes: unknown[] } | null)?.scopes.length ?? 0
/** Scopes that have entries in a map, but for that of this machine and those of none. */
function othersIn(map: string): number[] {
  const open = BpfMap.pinned(map, `${PINS}/maps/${map}`, 'read')
  const keys = open.keys().map((key) => key.readUInt32LE(0))
  open.close()
  return [...new Set(keys)].filter((scope) => scope !== 0 && scope !== HERE)
}
const loaded = (what: 'prog' | 'map'): number =>
  (JSON.parse(execFileSync('bpftool', ['-j', what, 'list'], { encoding: 'utf8' })) as unknown[]).length

test(`${SCOPES} scopes by ${AGENTS} agents at a time: each delivers its own, and nothing of them is left`, async () => {
  const before = { prog: loaded('prog'), map: loaded('map') }
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < SCOPES) await life(next++)
  }
  const begun = Date.now()
  await Promise.all(Array.from({ length: AGENTS }, worker))
  console.log(`${SCOPES} scopes by ${AGENTS} agents in ${Math.round((Date.now() - begun) / 1000)} s`)
  assert.equal(scopesLeft(), 0)
  const last = await startAgent({ config, env: { SOURCE: 'x'.repeat(16) } })
  for (const map of KEYED) assert.deepEqual(othersIn(map), [], map)
  await last.stop()
  await eventually('nothing pinned', () => !existsSync(PINS))
  await eventually('everything unloaded', () => loaded('prog') === before.prog && loaded('map') === before.map)
})
