/** Process numbers used again, many times over: no stranger is refused, no stranger is sealed. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { type Agent, environOf, startAgent } from '../support/agent-under-test.ts'

const PID_MAX = '/proc/sys/kernel/pid_max'
const SMALL = 700
const ROUNDS = Number(process.env.KERNELSEAL_ROUNDS ?? 1500)
const SECRET = 'wrapped-secret-4b'
const config = `
version: v1
policy: { mode: enforce }
secrets:
  - name: sleeper
    selector: { binary: /usr/bin/sleep }
    secretRefs: [{ name: TOKEN, source: { envRef: SOURCE } }]
`
const pidMax = readFileSync(PID_MAX, 'latin1')
let agent: Agent

before(async () => {
  agent = await startAgent({ config, env: { SOURCE: SECRET } })
  writeFileSync(PID_MAX, String(SMALL))
})

after(async () => {
  writeFileSync(PID_MAX, pidMax)
  await agent.stop()
})

/** Until it runs its program: fork and exec are two steps. */
async function start(path: string, args: readonly string[], name: string) {
  const child = spawn(path, args, { env: agent.placeholders, stdio: 'ignore' })
  while (!readFileSync(`/proc/${child.pid}/comm`, 'latin1').startsWith(name)) await new Promise(setImmediate)
  return child
}

test(`${ROUNDS} starts among ${SMALL} numbers: the bound program is refused, the other one readable`, async () => {
  const seen = { bound: new Set<number>(), free: new Set<number>() }
  for (let i = 0; i < ROUNDS; i++) {
    const isBound = Math.random() < 0.5 // in turn, each would have the odd numbers or the even ones to itself
    const child = isBound
      ? await start('/usr/bin/sleep', ['600'], 'sleep')
      : await start('/usr/bin/tail', ['-f', '/dev/null'], 'tail')
    const pid = child.pid as number
    if (isBound) assert.throws(() => environOf(pid), { code: 'EPERM' })
    else assert.match(environOf(pid), /TOKEN=kernelseal:v1:/)
    seen[isBound ? 'bound' : 'free'].add(pid)
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  const both = [...seen.bound].filter((pid) => seen.free.has(pid)).length
  console.log(`${ROUNDS} starts, ${both} numbers were used by both`)
  assert.ok(both > 0, 'no number was used by both: the test proved nothing')
})
