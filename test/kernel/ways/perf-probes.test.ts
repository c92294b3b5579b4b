/**
 * Events of perf that sample nothing and yet read or change a program: tracepoints, breakpoints, kprobes, uprobes. On a sealed program
 * they are refused to all, on whole CPUs to the scope; strangers and plain counters go on.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { placesOf } from '../../../agent/attack/runner/program-places.ts'
import { keepProgramsLoaded, unloadLeft } from '../../support/agent/kept-programs.ts'
import { type Agent, eventually, startAgent } from '../../support/agent-under-test.ts'
import { fileOf, type Kind, opened, perfOpen } from '../../support/perf-open.ts'
import { type PidNamespace, pidNamespace } from '../../support/pid-namespace.ts'
import { atExec, buildWatched, endAll, hold, watched } from '../../support/watched-program.ts'

keepProgramsLoaded()

const BOUND = join(mkdtempSync('/tmp/kernelseal-probes-'), 'bound')
const SECRET = 'probed-secret-9b'
const config = `
version: v1
policy: { mode: enforce }
secrets:
  - name: probed
    selector: { binary: ${BOUND} }
    secretRefs: [{ name: PASSWORD, source: { envRef: SOURCE } }]
`

let space: PidNamespace
let agent: Agent | undefined
let probes: readonly Kind[]

before(async () => {
  buildWatched(BOUND)
  const { entry, data } = placesOf(BOUND)
  const id = Number(readFileSync('/sys/kernel/tracing/events/syscalls/sys_enter_write/id', 'latin1'))
  probes = [['tracepoint', id], ['breakpoint', 0x1000], ['kprobe'], ['uprobe', entry, data]]
  space = await pidNamespace()
})

after(async () => {
  endAll()
  await space.end()
  await agent?.stop()
  await unloadLeft()
})

const inside = (kind: Kind, pid: number, cpu = -1, times = 1): string =>
  opened(space.run(perfOpen(kind, pid, cpu, times), fileOf(BOUND)))
function outside(kind: Kind, pid: number, cpu = -1): string {
  const [python = '', ...args] = perfOpen(kind, pid, cpu)
  return opened(spawnSync(python, args, { env: fileOf(BOUND), encoding: 'latin1' }))
}

/** 5.10 has no event that sends SIGTRAP, and lets no program see which event it is: no capability helps inside a scope to open one of others. */
const UNSEEN = !/^perf_uprobe_event_init$/m.test(
  readFileSync('/sys/kernel/tracing/available_filter_functions', 'latin1'),
)
const REFUSED = /^E(PERM|ACCES)$/

test('without protection probes count, of a task and of a CPU, and a uprobe adds one to a variable', async () => {
  const { child, pid, outer, said, end } = await watched(space, BOUND, 'not-sealed')
  for (const probe of probes) {
    assert.equal(inside(probe, pid), 'ok', probe[0])
    if (probe[0] !== 'breakpoint') assert.equal(inside(probe, -1, 0), 'ok', `${probe[0]} by CPU`)
  }
  await eventually('the change', () => said().includes('!'))
  if (UNSEEN) return end()
  await hold(['sigtrap'], outer, BOUND)
  await eventually('its end by a trap', () => child.exitCode !== null || child.signalCode !== null)
})

test('of a sealed program no probe counts, from inside its scope or outside, and plain counters do', async () => {
  agent = await startAgent({ config, env: { SOURCE: SECRET }, args: space.args })
  const { pid, outer, said, end } = await watched(space, BOUND, agent.placeholders.PASSWORD!)
  assert.equal(said(), `${SECRET.length} x`)
  for (const probe of probes) {
    assert.match(inside(probe, pid), REFUSED, probe[0])
    assert.match(outside(probe, outer), REFUSED, probe[0])
  }
  for (const harmless of ['software', 'kernel-ip']) assert.equal(outside([harmless], outer), 'ok', harmless)
  assert.match(outside(['ip'], outer), REFUSED)
  if (!UNSEEN) {
    assert.equal(inside(['software'], pid), 'ok')
    assert.match(inside(['sigtrap'], pid), REFUSED)
    assert.match(outside(['sigtrap'], agent.pid), REFUSED, 'the agent, in every mode')
  }
  end()
  await eventually('the event', () => agent?.events().some((e) => e.way === 'perf' && e.action === 'blocked'))
})

/** Refused at perf_event_alloc alone, some of so many are seen by the target. */
const TRIES = 300

test('a uprobe that is refused was never there: its target has not run into it', async () => {
  const { pid, said, end } = await watched(space, BOUND, agent!.placeholders.PASSWORD!)
  const [uprobe] = probes.filter(([kind]) => kind === 'uprobe') as [Kind]
  assert.match(inside(uprobe, pid, -1, TRIES), REFUSED)
  assert.match(inside(uprobe, -1, 0, TRIES), REFUSED)
  assert.equal(said(), `${SECRET.length} x`)
  end()
})
test('whole CPUs: no probe from inside a scope; strangers’ probes and plain counters go on', () => {
  for (const probe of probes.filter(([kind]) => kind !== 'breakpoint')) {
    assert.match(inside(probe, -1, 0), REFUSED, probe[0])
    assert.equal(outside(probe, -1, 0), 'ok', probe[0])
  }
  assert.equal(outside(['software'], -1, 0), 'ok')
  if (!UNSEEN) assert.equal(inside(['software'], -1, 0), 'ok')
})

test('a probe of one’s own process goes on inside a scope', () => {
  for (const probe of probes.filter(([kind]) => kind !== 'breakpoint')) assert.equal(inside(probe, 0), 'ok', probe[0])
})

for (const [kind, delivered] of [
  ['tracepoint', false],
  ['uprobe', false],
  ['software', true],
] as const) {
  test(`a start whose ${kind} counter was opened before is ${delivered ? '' : 'not '}given its value`, async () => {
    const reasons = () => agent!.events().filter(({ event, reason }) => event === 'fail' && reason === 'traced').length
    const [before, held] = [reasons(), await atExec(space, BOUND, agent!.placeholders.PASSWORD!)]
    const counter = await hold(probes.find(([name]) => name === kind) ?? ['software'], held.pid, BOUND)
    const said = await held.release()
    assert.equal(said, delivered ? `${SECRET.length} x` : '')
    counter.stdin!.end('\n')
    if (!delivered) await eventually('the reason', () => reasons() > before)
  })
}
