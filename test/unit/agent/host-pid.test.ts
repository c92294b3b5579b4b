/** Numbers in another PID namespace, on a real one. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { after, before, it } from 'node:test'
import { hostPidOf } from '../../../agent/scope/host-pid.ts'
import { scopeNumber } from '../../../agent/scope/scope.ts'

const skip = process.getuid?.() === 0 ? false : 'a PID namespace needs root'
let outer: ChildProcess
let init: number

before(async () => {
  if (skip) return
  // Says a line once it runs, and ends with its input.
  outer = spawn('unshare', ['--pid', '--fork', '--kill-child', 'sh', '-c', 'echo up; cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  await once(outer.stdout!, 'data')
  init = Number(readFileSync(`/proc/${outer.pid}/task/${outer.pid}/children`, 'latin1').trim())
})
after(() => outer?.stdin?.end())

it('of our own namespace are our own', () => {
  assert.equal(hostPidOf(process.pid, scopeNumber()), process.pid)
})

it('of another are found by their numbers there', { skip }, () => {
  const scope = scopeNumber(`/proc/${init}/ns/pid`)
  assert.equal(hostPidOf(1, scope), init)
  assert.equal(hostPidOf(4_000_000, scope), undefined)
})
