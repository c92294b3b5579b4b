/**
 * Many scopes made and ended by many agents at once, and what is left of them. The long run: KERNELSEAL_SCOPES=300
 * KERNELSEAL_AGENTS=50 (and 8 GiB for the machine).
 */
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { type Agent, eventually, kernelseal, startAgent } from '../kernel/agent-under-test.ts'

const SCOPES = Number(process.env.KERNELSEAL_SCOPES ?? 12)
const AGENTS = Number(process.env.KERNELSEAL_AGENTS ?? 4)
const PINS = '/sys/fs/bpf/kernelseal/v1'
/** Keyed by scope, and readable without being an agent. */
const KEYED = ['paths', 'names', 'rings', 'counters', 'containers', 'owners', 'agents']
const secretOf = (scope: number): string => `secret-of-scope-${scope}-5d`
const config = `
version: v1
policy: { mode: enforce }
secrets:
  - name: printer
    selector: { binary: /usr/bin/printenv, lineage: any }
    secretRefs: [{ name: TOKEN, source: { envRef: SOURCE } }]
`

interface Namespace {
  /** Its init, from outside. */
  readonly init: number
  readonly end: () => Promise<void>
}

async function namespace(): Promise<Namespace> {
  const command = ['--pid', '--fork', '--kill-child', '--mount-proc', '/usr/bin/sleep', '3600']
  const outer: ChildProcess = spawn('unshare', command, { stdio: 'ignore' })
  const children = `/proc/${outer.pid}/task/${outer.pid}/children`
  const init = await eventually('the namespace', () => Number(readFileSync(children, 'latin1').trim()))
  const end = async (): Promise<void> => {
    process.kill(init, 'SIGKILL')
    await eventually('its end', () => !existsSync(`/proc/${init}`))
  }
  return { init, end }
}

const inside = ({ init }: Namespace, agent: Agent, args: readonly string[]): string =>
  spawnSync('nsenter', ['--target', String(init), '--pid', ...args], { env: agent.placeholders, encoding: 'latin1' })
    .stdout

/** One scope's life: agent, a delivery, the agent killed or stopped, a delivery without it, the end. */
async function life(scope: number): Promise<void> {
  const space = await namespace()
  const args = ['--pid-namespace', `/proc/${space.init}/ns/pid`]
  const agent = await startAgent({ config, env: { SOURCE: secretOf(scope) }, args })
  assert.equal(inside(space, agent, ['/usr/bin/printenv', 'TOKEN']), `${secretOf(scope)}\n`)
  if (scope % 2) process.kill(agent.pid, 'SIGKILL')
  else await agent.stop()
  assert.equal(inside(space, agent, ['/usr/bin/printenv', 'TOKEN']), `${secretOf(scope)}\n`)
  await space.end()
}

const scopesLeft = (): number =>
  (JSON.parse(kernelseal(['status', '--json']).stdout) as { scopes: unknown[] } | null)?.scopes.length ?? 0
const entries = (map: string): number =>
  (
    JSON.parse(
      execFileSync('bpftool', ['-j', 'map', 'dump', 'pinned', `${PINS}/maps/${map}`], { encoding: 'utf8' }),
    ) as unknown[]
  ).length
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
  for (const map of KEYED) assert.ok(entries(map) <= 2, `${map} has ${entries(map)} entries`)
  await last.stop()
  await eventually('nothing pinned', () => !existsSync(PINS))
  await eventually('everything unloaded', () => loaded('prog') === before.prog && loaded('map') === before.map)
})
