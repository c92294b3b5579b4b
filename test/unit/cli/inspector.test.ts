/** SIGUSR1 opens Node's inspector, at any moment of a program's life: not in ours. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

const KERNELSEAL = new URL('../../../agent/kernelseal', import.meta.url).pathname
const OPENED = /Debugger listening/
/** Signals in all: many for each start. */
const SIGNALS = 1_000
const STARTS = 20
/** Starts side by side: nearly all of a start's time is waiting, for the next signal. */
const ABREAST = 5
const SIGNALS_A_START = SIGNALS / STARTS
/** The mask of SIGUSR1 among the caught signals of /proc/PID/status (proc(5), SigCgt). */
const SIGUSR1_BIT = 1n << 9n

/** A command that waits for an agent that is not there, and so lives through its start and beyond. */
const WAIT = ['wait', '--port', '9', '--timeout', '60']

/** The moment of a start from which its signals come. */
type Moment = (pid: number) => Promise<unknown>

/** Before a handler is there a signal ends the process: such starts show that nothing opens on the way. */
const atRandom: Moment = () => sleep(Math.random() * 1_000)

/** The process stays, and each further signal meets a running program. */
const onceCaught: Moment = async (pid) => {
  for (let i = 0; i < 3_000 && !catches(pid); i++) await sleep(10)
  assert.ok(catches(pid), 'it catches SIGUSR1 within 30 s')
}

function catches(pid: number): boolean {
  const caught = /^SigCgt:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return (BigInt(`0x${caught ?? 0}`) & SIGUSR1_BIT) !== 0n
}

/** Waited for after the last signal, at most 30 s. */
type After = (said: readonly string[]) => Promise<unknown>

const nothing: After = async () => {}

/** The runtime opens its inspector beside the program's own start: on a busy machine that takes seconds. */
const untilOpened: After = async (said) => {
  for (let i = 0; i < 300 && !OPENED.test(said.join('')); i++) await sleep(100)
}

interface Signalled {
  /** On standard error. */
  readonly said: string
  readonly survived: boolean
}

async function signalled(program: string, args: readonly string[], moment: Moment, after: After): Promise<Signalled> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const said: string[] = []
  const closed = new Promise((resolve) => child.once('close', resolve))
  child.stderr.on('data', (chunk) => said.push(String(chunk)))
  await new Promise((resolve) => child.once('spawn', resolve))
  await moment(child.pid as number)
  for (let i = 0; i < SIGNALS_A_START; i++) {
    child.kill('SIGUSR1')
    await sleep(Math.random() * 20)
  }
  await after(said)
  const survived = child.exitCode === null && child.signalCode === null
  child.kill('SIGKILL')
  await closed
  return { said: said.join(''), survived }
}

/** Not the agent's program: it listens to the signal, and from then on Node's own handler is out of the way (agent/main.ts). */
const IDLE = ['--inspect-port=0', '--eval', 'setInterval(() => {}, 1_000)']

test('without the option a signal opens it: the attempt is real', async () => {
  const { said } = await signalled(process.execPath, IDLE, onceCaught, untilOpened)
  assert.match(said, OPENED)
})

test(`${SIGNALS} signals open nothing, whenever they come`, async () => {
  const one = async (running: boolean): Promise<void> => {
    const { said, survived } = await signalled(KERNELSEAL, WAIT, running ? onceCaught : atRandom, nothing)
    assert.doesNotMatch(said, OPENED)
    if (running) assert.ok(survived, 'a signal to the running program does not end it')
  }
  for (let i = 0; i < STARTS; i += ABREAST) {
    await Promise.all(Array.from({ length: ABREAST }, (_, n) => one((i + n) % 2 === 0)))
  }
})
