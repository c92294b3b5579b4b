/** While an agent withholds values, programs that a sealed one starts are still searched for them, and binding numbers keep their meaning. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync, realpathSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { afterEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Agent, environOf, eventually, kernelseal, startAgent } from '../../support/agent-under-test.ts'
import { trySetFtrace } from '../../support/ftrace-setting.ts'

const [LONG, SHORT] = ['withheld-7f31c2', 'ab12']
const env = { LONG_SOURCE: LONG, SHORT_SOURCE: SHORT }

const SHELL = `
  - name: shell
    selector: { binary: ${realpathSync('/bin/sh')}, children: scrub }
    secretRefs:
      - { name: LONG, source: { envRef: LONG_SOURCE } }
      - { name: SHORT, source: { envRef: SHORT_SOURCE } }`
const PRINTER = `
  - name: printer
    selector: { binary: /usr/bin/printenv }
    secretRefs: [{ name: PRINTED, source: { envRef: LONG_SOURCE } }]`
const config = (bindings: string): string => `
version: v1
policy: { mode: enforce }
secrets:${bindings}
`

/** Says how long its values are, then starts a program for each line it reads, and says its number. */
const SCRIPT = `echo \${#LONG} \${#SHORT}; while read line; do sleep 600 & echo $!; done`

let agent: Agent | undefined
let shell: ChildProcess | undefined

afterEach(async () => {
  trySetFtrace('1')
  shell?.kill('SIGKILL')
  if (agent) process.kill(agent.pid, 'SIGCONT') // else a test that failed would wait for it
  await agent?.stop()
  agent = undefined
  kernelseal(['unload', '--force'])
})

interface SealedShell {
  /** The environment of a program that it starts now. */
  readonly childsEnvironment: () => Promise<string>
}

async function sealedShell(placeholders: Readonly<Record<string, string>>): Promise<SealedShell> {
  const child = spawn('/bin/sh', ['-c', SCRIPT], { env: { PATH: '/usr/bin:/bin', STAYS: 'stays', ...placeholders } })
  shell = child
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const line = async (): Promise<string> => (await lines.next()).value ?? ''
  assert.equal(await line(), `${LONG.length} ${SHORT.length}`, 'the shell has its values')
  const childsEnvironment = async (): Promise<string> => {
    child.stdin.write('next\n')
    const pid = Number(await line())
    return eventually('the end of the seal of what it started', () => environmentOf(pid))
  }
  return { childsEnvironment }
}

/** @returns undefined before its exec, and as long as it is sealed */
function environmentOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'latin1') === 'sleep\n' ? environOf(pid) : undefined
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EPERM') return undefined
    throw error
  }
}

function assertScrubbed(environment: string): void {
  assert.match(environment, /STAYS=stays/)
  assert.doesNotMatch(environment, new RegExp(`${LONG}|${SHORT}`))
}

async function becomesUnready(port: number): Promise<void> {
  for (;;) {
    if ((await fetch(`http://127.0.0.1:${port}/readyz`)).status === 503) return
    await sleep(50)
  }
}

/** Withholds, and cannot take it back: the kernel calls every program again, before the agent has noticed. */
async function heldWhileWithheld(running: Agent): Promise<void> {
  await becomesUnready(running.port)
  process.kill(running.pid, 'SIGSTOP')
  await eventually('the stop', () => / T /.test(readFileSync(`/proc/${running.pid}/stat`, 'latin1')))
  assert.ok(trySetFtrace('1'))
}

test('a program that a sealed one starts while values are withheld has none, and the same under the next agent', async (t) => {
  agent = await startAgent({ config: config(SHELL), env })
  const { childsEnvironment } = await sealedShell(agent.placeholders)
  assertScrubbed(await childsEnvironment())
  if (!trySetFtrace('0')) return t.skip('this kernel does not switch ftrace off while programs are attached (EBUSY)')
  await heldWhileWithheld(agent)
  assertScrubbed(await childsEnvironment())
  process.kill(agent.pid, 'SIGKILL')
  agent = undefined
  agent = await startAgent({ config: config(PRINTER + SHELL), env })
  assertScrubbed(await childsEnvironment())
})
