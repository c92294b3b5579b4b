/** Callers that stop along with a program are continued; others stay as they are. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { callerOf, openCallers } from '../../../agent/delivery/callers.ts'
import { statFields } from '../../../agent/linux/procfs.ts'

const started: ChildProcess[] = []
afterEach(() => {
  for (const child of started.splice(0)) {
    try {
      process.kill(-(child.pid as number), 'SIGKILL')
    } catch {} // the whole row has ended
  }
})

/** A row of shells, each the caller of the next, in a session of their own. @returns their numbers, the outermost first */
async function row(many: number): Promise<number[]> {
  const script = 'echo $$; [ $1 = 1 ] && exec sleep 1000; sh -c "$0" "$0" $(($1 - 1)); :'
  const child = spawn('/bin/sh', ['-c', script, script, String(many)], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  started.push(child)
  let output = ''
  while (output.split('\n').length <= many) output += String((await once(child.stdout!, 'data'))[0])
  return output.trim().split('\n').map(Number)
}

function stateOf(pid: number): string | undefined {
  try {
    return statFields(pid)(3)
  } catch {
    return 'gone'
  }
}
async function becomes(pid: number, ...states: string[]): Promise<void> {
  while (!states.includes(stateOf(pid) ?? '')) await sleep(5)
}
async function stop(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP')
  await becomes(pid, 'T')
}

it('the caller of a process is its parent, and init is none', () => {
  assert.equal(callerOf(process.pid)?.pid, process.ppid > 1 ? process.ppid : undefined)
  assert.equal(callerOf(2 ** 22 - 1), undefined)
})

it('a row of callers that stopped along is continued, up to one that did not', async () => {
  const [outermost = 0, running = 0, upper = 0, lower = 0, program = 0] = await row(5)
  for (const pid of [outermost, upper, lower]) await stop(pid)
  openCallers(() => false)(callerOf(program))
  for (const pid of [upper, lower]) await becomes(pid, 'S', 'R')
  assert.equal(stateOf(outermost), 'T', `above \`${running}\`, which had not stopped`)
})

it('one that stops later is continued later, also when its program has ended', async () => {
  const [caller = 0, program = 0] = await row(2)
  const known = callerOf(program)
  openCallers(() => false)(known)
  process.kill(caller, 'SIGSTOP')
  process.kill(program, 'SIGKILL')
  await becomes(caller, 'Z', 'gone') // it goes on, sees its program end, and ends
})

it('one that waits for values of its own is left to wait', async () => {
  const [caller = 0, program = 0] = await row(2)
  await stop(caller)
  const asked: bigint[] = []
  const looked = new Promise<void>((resolve) => {
    openCallers((start) => {
      asked.push(start)
      resolve()
      return true
    })(callerOf(program))
  })
  await looked
  assert.equal(asked[0], callerOf(program)?.start)
  assert.equal(stateOf(caller), 'T')
})
