/**
 * A machine that is a scope as a whole, and containers below it: those call no bpf(2), which loads programs that read any
 * memory, and watch no whole CPU by probes. The machine's own programs do both. A process that was there before the scope has
 * no record in the kernel, and is of the scope even so.
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { numberOfTracepoint } from '../../../agent/attack/runner/tracepoint.ts'
import { keepProgramsLoaded, unloadLeft } from '../../support/agent/kept-programs.ts'
import { type Agent, eventually, printerConfig, startAgent } from '../../support/agent-under-test.ts'
import { fileOf, type Kind, opened, perfOpen } from '../../support/perf-open.ts'
import { type PidNamespace, pidNamespace } from '../../support/pid-namespace.ts'

keepProgramsLoaded()

const CALL = ['/usr/bin/python3', new URL('../../support/bpf-call.py', import.meta.url).pathname]
const REFUSED = /^E(PERM|ACCES)$/

let space: PidNamespace
let agent: Agent | undefined

beforeEach(async () => {
  space = await pidNamespace()
})

afterEach(async () => {
  await agent?.stop()
  agent = undefined
  await space.end()
  await unloadLeft()
})

const outside: PidNamespace['run'] = ([program = '', ...args], env = {}) =>
  spawnSync(program, args, { env, encoding: 'latin1' })
const called = (run: PidNamespace['run']): string => opened(run(CALL)).replace('ready\n', '')
const probed = (run: PidNamespace['run']): string => {
  const probe: Kind = ['tracepoint', numberOfTracepoint('syscalls/sys_enter_write')!]
  return opened(run(perfOpen(probe, -1, 0), fileOf('')))
}
const start = (mode: string, args: readonly string[] = []): Promise<Agent> =>
  startAgent({ config: printerConfig(`mode: ${mode}`), env: { SOURCE: 'below-machine-1d' }, args })

test('a container below a machine’s scope neither calls bpf(2) nor probes a CPU; the machine’s own programs do', async () => {
  assert.deepEqual([called(space.run), probed(space.run)], ['ok', 'ok'], 'without protection both work')
  agent = await start('enforce')
  assert.match(called(space.run), REFUSED)
  assert.match(probed(space.run), REFUSED)
  assert.deepEqual([called(outside), probed(outside)], ['ok', 'ok'])
  const told = (way: string, action: string) => () =>
    agent?.events().some((event) => event.way === way && event.action === action)
  await eventually('the refusals', () => told('bpf-call', 'blocked')() && told('perf', 'blocked')())
  await eventually('the word of the machine’s probe', () => {
    if (told('perf', 'audited')()) return true
    // One word a second: this probe's process may have the address of the container's, which was refused within that second.
    probed(outside)
    return false
  })
})

/** The kernel makes 32 levels of PID namespaces; a search for the scope that gave up after eight found no rule. */
test('however deep below the machine a container is', async () => {
  const below = (levels: number): PidNamespace['run'] => {
    const enter = Array.from({ length: levels }, () => ['unshare', '--pid', '--fork']).flat()
    return (command, env) => space.run([...enter, ...command], env)
  }
  assert.deepEqual(
    [8, 29].map((levels) => called(below(levels))),
    ['ok', 'ok'],
    'without protection',
  )
  agent = await start('enforce')
  for (const levels of [7, 8, 9, 29]) assert.match(called(below(levels)), REFUSED, `${levels} levels`)
})

test('with mode audit both go on below it, and are reported', async () => {
  agent = await start('audit')
  assert.deepEqual([called(space.run), probed(space.run)], ['ok', 'ok'])
  await eventually('the reports', () => {
    const ways = agent!.events().flatMap(({ way, action }) => (action === 'audited' ? [way] : []))
    return ways.includes('bpf-call') && ways.includes('perf')
  })
})

test('a process that was there before the scope calls no bpf(2) once it stands', async () => {
  const go = join(mkdtempSync('/tmp/kernelseal-bpf-'), 'go')
  const [before, later] = [waiting(`${go}-before`), waiting(go)]
  await eventually('both', () => before() === 'ready\n' && later() === 'ready\n')
  writeFileSync(`${go}-before`, '')
  await eventually('the call without protection', () => before() === 'ready\nok\n')
  agent = await start('enforce', space.args)
  writeFileSync(go, '')
  await eventually('the call', () => later().split('\n').length === 3)
  assert.match(later().trim().split('\n')[1]!, REFUSED)
})

/** @returns the text of the call in the namespace; it waits for the file */
function waiting(file: string): () => string {
  const [command = '', ...args] = [...space.enter, ...CALL, file]
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  child.stdout.on('data', (chunk) => {
    said += chunk
  })
  return () => said
}
