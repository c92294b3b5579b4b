/**
 * SIGUSR1 opens a debugger in programs of this runtime: in an agent never, from its first instruction to its end, whatever its mode.
 * The number of signals a mode of the long run: KERNELSEAL_SIGNALS=1000.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Mode } from '../../agent/policy/types.ts'
import { eventually, KERNELSEAL, startAgent, writeConfig } from '../support/agent-under-test.ts'
import { BOUND, fileSource } from '../support/fire.ts'

const SIGNALS = Number(process.env.KERNELSEAL_SIGNALS ?? 60)
const MODES: readonly Mode[] = ['disabled', 'audit', 'enforce']
/** Of one agent's life, so that they meet many starts. */
const A_LIFE = 20
/** The runtime's own port for its debugger, in hexadecimal, in the state LISTEN (proc(5), /proc/net/tcp). */
const DEBUGGER_LISTENS = /:240D [0-9A-F]+:0000 0A/
const SAYS_SO = /Debugger listening/

const configOf = (mode: Mode): string => `
version: v1
policy: { mode: ${mode} }
secrets:
  - name: bound
    selector: { binary: ${BOUND} }
    secretRefs: [{ name: PASSWORD, source: { ${fileSource('signalled-secret-55ab')} } }]
`

interface Signalled {
  sent: number
  refused: number
  /** Lives that a signal ended: before the agent handles it, it does what it does to any program. */
  ended: number
  serving: number
}

function signal(child: ChildProcess, counts: Signalled): void {
  if (child.exitCode !== null || child.signalCode !== null) return
  try {
    process.kill(child.pid as number, 'SIGUSR1')
    counts.sent++
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'EPERM')
    counts.refused++
  }
}

const isOpen = (): boolean => DEBUGGER_LISTENS.test(readFileSync('/proc/net/tcp', 'latin1'))

/** One agent from its start to its end. @param first ms until the first signal */
async function oneLife(config: string, first: number, counts: Signalled): Promise<void> {
  const child = spawn(KERNELSEAL, ['run', '--config', config, '--metrics-port', '0'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
  const ended = once(child, 'close')
  await sleep(first)
  for (let i = 0; i < A_LIFE; i++) {
    signal(child, counts)
    await sleep(Math.random() * 50)
    assert.ok(!isOpen(), `a debugger listens after ${i + 1} signals`)
  }
  if (child.signalCode === 'SIGUSR1') counts.ended++
  else if (output.includes('protection stands')) counts.serving++
  child.kill('SIGTERM')
  for (let i = 0; i < 5; i++) {
    signal(child, counts)
    await sleep(Math.random() * 50)
  }
  assert.ok(!isOpen(), 'a debugger listens at the end')
  await ended
  assert.doesNotMatch(output, SAYS_SO)
}

test('the attempt is real: a program of this runtime opens its debugger', async () => {
  const child = spawn(process.execPath, ['--eval', 'setInterval(() => {}, 1_000)'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (chunk) => (said += chunk))
  await eventually('its handler', () =>
    /^SigCgt:\s*\S*[2367abef]\S{2}$/m.test(readFileSync(`/proc/${child.pid}/status`, 'latin1')),
  )
  child.kill('SIGUSR1')
  await eventually('the debugger', () => SAYS_SO.test(said) && isOpen(), 60_000)
  child.kill('SIGKILL')
  await once(child, 'close')
})

for (const mode of MODES) {
  test(`${SIGNALS} signals to agents in mode ${mode} open nothing`, async () => {
    const config = writeConfig(configOf(mode))
    const begun = Date.now()
    await (await startAgent({ config: configOf(mode) })).stop()
    const longest = 1.3 * (Date.now() - begun)
    const counts: Signalled = { sent: 0, refused: 0, ended: 0, serving: 0 }
    for (let life = 0; counts.sent + counts.refused < SIGNALS; life++) {
      assert.ok(life < SIGNALS, 'each life takes at least one signal')
      await oneLife(config, Math.random() * longest, counts)
    }
    console.log(`${mode}: ${JSON.stringify(counts)}`)
    assert.ok(counts.serving > 0 || SIGNALS < 1_000, 'no agent came as far as to serve')
  })
}
