import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { afterEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { handlesSignal, holdProcess, signalOnce } from '../../../agent/linux/process.ts'

const CLOCK_TICK_NS = 10_000_000n
let child: ChildProcess

afterEach(() => child.kill('SIGKILL'))

async function sleeper(): Promise<{ pid: number; start: bigint }> {
  child = spawn('/bin/sleep', ['60'], { env: { FILL_ME: 'x'.repeat(64) } })
  const pid = child.pid as number
  while (!readFileSync(`/proc/${pid}/comm`, 'latin1').startsWith('sleep')) await sleep(5)
  return { pid, start: BigInt(fields(pid)[22 - 3] as string) * CLOCK_TICK_NS }
}

/** Fields of proc_pid_stat(5) from the third on. */
function fields(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

test('a held process is written to where it was asked', async () => {
  const { pid, start } = await sleeper()
  const held = holdProcess(pid, start)
  assert.ok(held)
  const envStart = BigInt(fields(pid)[50 - 3] as string)
  held.write(envStart + 8n, Buffer.from('written\0'))
  held.close()
  assert.match(readFileSync(`/proc/${pid}/environ`, 'latin1'), /FILL_ME=written\0/)
})

test('a write to where nothing is mapped fails and says so', async () => {
  const { pid, start } = await sleeper()
  const held = holdProcess(pid, start)
  assert.throws(() => held?.write(4096n, Buffer.from('x')), /EIO|EFAULT|bytes/)
  held?.close()
})

test('a number that another process has now is not held', async () => {
  const { pid, start } = await sleeper()
  assert.equal(holdProcess(pid, start + 20_000_000n), undefined)
  assert.equal(holdProcess(2 ** 22 - 1, start), undefined)
})

test('a held process is continued and killed', async () => {
  const { pid, start } = await sleeper()
  process.kill(pid, 'SIGSTOP')
  const held = holdProcess(pid, start)
  assert.ok(held)
  held.continue()
  while (fields(pid)[0] !== 'S') await sleep(5)
  const ended = new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)))
  assert.ok(held.kill())
  assert.equal(await ended, 'SIGKILL')
  held.close()
})

test('a process is told once by a signal it handles, and not by one that would end it', async () => {
  child = spawn('/bin/bash', ['-c', "trap 'echo told' HUP; echo ready; while :; do sleep 0.1; done"])
  const output: string[] = []
  child.stdout?.on('data', (chunk) => output.push(String(chunk)))
  while (!output.join('').includes('ready')) await sleep(5)
  const pid = child.pid as number
  const start = BigInt(fields(pid)[22 - 3] as string) * CLOCK_TICK_NS
  assert.deepEqual([handlesSignal(pid, 'SIGHUP'), handlesSignal(pid, 'SIGUSR1')], [true, false])
  assert.equal(signalOnce(pid, start + 20_000_000n, 'SIGKILL'), undefined, 'another process has this number now')
  assert.equal(
    signalOnce(pid, start, 'SIGUSR1', () => handlesSignal(pid, 'SIGUSR1')),
    false,
  )
  assert.equal(signalOnce(pid, start, 'SIGHUP'), true)
  while (!output.join('').includes('told')) await sleep(5)
  assert.equal(child.exitCode, null)
})
