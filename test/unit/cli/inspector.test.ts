/** SIGUSR1 opens Node's inspector, at any moment of a program's life: not in ours. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

const KERNELSEAL = new URL('../../../agent/kernelseal', import.meta.url).pathname
const MAIN = new URL('../../../agent/main.ts', import.meta.url).pathname
const OPENED = /Debugger listening/
/** Signals in all: many for each start, at random moments from its first instruction on. */
const SIGNALS = 1_000
const STARTS = 20
const SIGNALS_A_START = SIGNALS / STARTS

/** A command that waits for an agent that is not there, and so lives through its start and beyond. */
const WAIT = ['wait', '--port', '9', '--timeout', '60']

/** @returns what it said, on standard error */
async function signalled(program: string, args: readonly string[], signals: number): Promise<string> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const said: string[] = []
  const closed = new Promise((resolve) => child.once('close', resolve))
  child.stderr.on('data', (chunk) => said.push(String(chunk)))
  await new Promise((resolve) => child.once('spawn', resolve))
  for (let i = 0; i < signals; i++) {
    child.kill('SIGUSR1')
    await sleep(Math.random() * 20)
  }
  await sleep(100)
  child.kill('SIGKILL')
  await closed
  return said.join('')
}

test('without the option a signal opens it before the program is there: the attempt is real', async () => {
  let said = ''
  for (let i = 0; i < STARTS && !OPENED.test(said); i++)
    said += await signalled(process.execPath, ['--inspect-port=0', MAIN, ...WAIT], SIGNALS_A_START)
  assert.match(said, OPENED)
})

test(`${SIGNALS} signals at random moments open nothing`, async () => {
  for (let i = 0; i < STARTS; i++) {
    const said = await signalled(KERNELSEAL, WAIT, SIGNALS_A_START)
    assert.doesNotMatch(said, OPENED)
  }
})
