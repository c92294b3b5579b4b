/**
 * Threads that each open a file of their own process and stay cost others nothing: at 198d7de a table had an entry for each, and with the
 * 65,536th every other open of maps, fd and environ of the machine failed. The long run: KERNELSEAL_OPENERS=70000, with 8 GiB.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { type Agent, eventually, startAgent } from '../support/agent-under-test.ts'
import { BOUND, configFrom } from '../support/fire.ts'

const OPENERS = Number(process.env.KERNELSEAL_OPENERS ?? 2000)
/** A thread's stack is 16 KiB of address space, and so is the kernel's for it. A process has at most some 30,000 threads. */
const A_PROCESS = 20_000
const OPEN_AND_STAY = `
import sys, threading
def look():
    open('/proc/self/maps').close()
    threading.Event().wait()
threading.stack_size(1 << 15)
for _ in range(int(sys.argv[1])): threading.Thread(target=look, daemon=True).start()
print('opened', flush=True)
input()
`

/** The kernel's own bounds for all of the machine are 32,768 numbers, and threads by its memory (proc(5)). */
const NUMBERS = 200_000

let agent: Agent
before(async () => {
  for (const bound of ['pid_max', 'threads-max']) writeFileSync(`/proc/sys/kernel/${bound}`, `${NUMBERS}`)
  agent = await startAgent({ config: configFrom('envRef: SOURCE'), env: { SOURCE: 'stayed-secret-19ce' } })
})
after(() => agent.stop())

test(`while ${OPENERS} threads that opened maps stay, opens of others work, and those of a sealed process do not`, async () => {
  const env = { PATH: '/usr/bin', ...agent.placeholders }
  const sealed = spawn(BOUND, ['sleep', 'infinity'], { env, stdio: 'ignore' })
  const openers = Array.from({ length: Math.ceil(OPENERS / A_PROCESS) }, (_, i) => {
    const many = Math.min(A_PROCESS, OPENERS - i * A_PROCESS)
    return spawn('python3', ['-c', OPEN_AND_STAY, String(many)], { stdio: ['pipe', 'pipe', 'inherit'] })
  })
  let opened = 0
  for (const { stdout } of openers) stdout.on('data', () => opened++)
  await eventually('their opens', () => opened === openers.length, 600_000)
  for (const { pid } of openers) {
    for (const name of ['maps', 'environ']) assert.ok(readFileSync(`/proc/${pid}/${name}`).length > 0, name)
    assert.ok(readdirSync(`/proc/${pid}/fd`).length > 0)
  }
  assert.throws(() => readFileSync(`/proc/${sealed.pid}/environ`), { code: 'EPERM' })
  for (const child of [sealed, ...openers]) child.kill('SIGKILL')
})
