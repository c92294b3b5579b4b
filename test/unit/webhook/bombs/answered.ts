/** Bombs, answered by a process with the memory of a shipped replica: one for all bombs of a test file, and a new one where one ended it. */
import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from '../../temporary.ts'
import type { Answer } from './replica.ts'

const REPLICA = fileURLToPath(new URL('./replica.ts', import.meta.url))
/** NODE_OPTIONS and memory limit of deploy/base/deployment.yaml. */
const OPTIONS = ['--max-semi-space-size=2', '--max-old-space-size=192']
const MEMORY = 256 * 2 ** 20
/** Milliseconds of a CPU: the Pods behind this one wait for as long. Most is that of code which runs for the first time. */
const STALL_MS = 500

const request = join(temporaryFolder('bombs'), 'request')
let replica: ChildProcess | undefined
after(() => replica?.disconnect())

/** That it ends neither the process nor its patience. */
export async function assertAnswered(test: TestContext, body: string | Buffer): Promise<void> {
  writeFileSync(request, body)
  const { took, mostMemory, kind, message } = await answerOf(request)
  test.diagnostic(`${took.toFixed(0)} ms of a CPU, ${(mostMemory / 2 ** 20).toFixed(0)} MiB: ${kind} ${message}`)
  assert.notEqual(kind, 'fail')
  assert.ok(took < STALL_MS, `${took} ms`)
  assert.ok(mostMemory < MEMORY, `${mostMemory} bytes`)
}

/** @throws Error where the replica ended instead; V8 has then written why to standard error */
async function answerOf(file: string): Promise<Answer> {
  replica ??= fork(REPLICA, { execArgv: [...OPTIONS, '--expose-gc'] })
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const ended = (status: number | null, signal: string | null) => {
    replica = undefined
    reject(new Error(`the replica ended with ${signal ?? `status ${status}`}`))
  }
  replica.once('message', resolve as (answer: unknown) => void).once('exit', ended)
  replica.send(file)
  return promise.finally(() => replica?.off('exit', ended))
}
