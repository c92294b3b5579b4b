/**
 * A bound program does not start while it is sampled. A user that may not, and asks for it all the time, does not keep it from
 * starting: the kernel refuses each opening itself, and any user of the machine could ask.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { admitted } from '../../support/admitted.ts'
import { type Agent, eventually, kernelseal, startAgent } from '../../support/agent-under-test.ts'
import { compiled } from '../../support/compile.ts'
import { type PidNamespace, pidNamespace } from '../../support/pid-namespace.ts'
import { startingIn } from '../../support/starting/starting.ts'

const STARTS = Number(process.env.KERNELSEAL_REFUSED_OPENERS ?? 20)
const BINDINGS = `
- name: entry
  selector: { container: app }
  secretRefs: [{ name: TOKEN, source: { envRef: SOURCE } }]
`
/** 2, the kernel's own default: each user may sample its own processes. */
const PARANOID = '/proc/sys/kernel/perf_event_paranoid'
const paranoid = readFileSync(PARANOID, 'latin1')

let namespace: PidNamespace
let agent: Agent
let opener: string
before(async () => {
  writeFileSync(PARANOID, '2')
  opener = compiled(join(import.meta.dirname, 'open-events.c'), '-pthread')
  namespace = await pidNamespace()
  const source = { annotations: admitted(BINDINGS), env: { SOURCE: 'of-the-opened-9' } }
  agent = await startAgent({ ...source, args: namespace.args })
})
after(async () => {
  writeFileSync(PARANOID, paranoid)
  await agent.stop()
  await namespace.end()
  kernelseal(['unload', '--force'])
})

const NOBODY = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups']

/** @param as before the opener's command. @returns the kernel's answer to it, and whether the bound program runs */
async function startBeside(as: readonly string[]): Promise<readonly [said: string, runs: boolean]> {
  const target = await startingIn(namespace, ['/usr/bin/sleep', '600'], agent.placeholders)
  const [program = '', ...args] = [...as, opener, String(target.outer)]
  const beside = spawn(program, args)
  const output: string[] = []
  beside.stdout.on('data', (chunk) => output.push(String(chunk)))
  await eventually('its first opening', () => output.length > 0)
  const runs = await target.go('sleep')
  beside.kill('SIGKILL')
  target.kill()
  return [output.join('').trim(), runs]
}

test(`beside an opener with the privilege for it, starts are stopped: of ${STARTS} not all run`, async (context) => {
  const runs: boolean[] = []
  for (let i = 0; i < STARTS && runs.every(Boolean); i++) {
    const [said, ran] = await startBeside(['env'])
    assert.equal(said, 'opened')
    runs.push(ran)
  }
  context.diagnostic(`the first that was stopped: ${runs.length}`)
  assert.ok(runs.includes(false))
  await eventually('its report', () => agent.events().some(({ reason }) => reason === 'traced'))
})

test(`${STARTS} starts beside an opener without privileges all run`, async () => {
  for (let i = 0; i < STARTS; i++) assert.deepEqual(await startBeside(NOBODY), ['Permission denied', true])
})
