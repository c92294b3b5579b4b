/** An agent whose programs the kernel no longer calls, or whose pins are gone, says so at once and gives nothing meanwhile. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { afterEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Agent, eventually, kernelseal, startAgent } from '../../support/agent-under-test.ts'
import { trySetFtrace } from '../../support/ftrace-setting.ts'

const ROOT = '/sys/fs/bpf/kernelseal'
const SECRET = 'switched-off-4a90'

const CONFIG = `
version: v1
policy: { mode: enforce }
secrets:
  - name: printer
    selector: { binary: /usr/bin/printenv }
    secretRefs: [{ name: PRINTED, source: { envRef: SOURCE } }]
`

let agent: Agent | undefined

afterEach(async () => {
  trySetFtrace('1')
  await agent?.stop()
  agent = undefined
  kernelseal(['unload', '--force'])
})

const printed = (): string =>
  spawnSync('/usr/bin/printenv', ['PRINTED'], { env: agent?.placeholders ?? {}, encoding: 'latin1' }).stdout

async function readiness(): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${agent?.port}/readyz`)
  return `${answer.status} ${await answer.text()}`
}

async function becomes(what: RegExp): Promise<void> {
  const deadline = Date.now() + NOTICED_MS
  let last = await readiness()
  while (!what.test(last) && Date.now() < deadline) {
    await sleep(50)
    last = await readiness()
  }
  assert.match(last, what)
}

/** The agent looks once a second (agent/canary/programs-watch.ts); an emulated machine takes many times as long for anything. */
const NOTICED_MS = 90_000

test('ftrace switched off is noticed, and nothing is given from that moment on until it is on again', async (t) => {
  agent = await startAgent({ config: CONFIG, env: { SOURCE: SECRET } })
  assert.equal(printed(), `${SECRET}\n`)
  if (!trySetFtrace('0')) return t.skip('this kernel does not switch ftrace off while programs are attached (EBUSY)')
  assert.doesNotMatch(
    printed(),
    new RegExp(SECRET),
    'the kernel wants its proof, before the agent has noticed anything',
  )
  await becomes(/^503 .*ftrace_enabled.* is 0/)
  assert.doesNotMatch(printed(), new RegExp(SECRET))
  assert.ok(agent.events().some(({ event, level }) => event === 'protection-lost' && level === 'error'))
  assert.equal(await agent.metric('kernelseal_ready'), 0)
  const doctor = kernelseal(['doctor'])
  assert.equal(doctor.status, 1)
  assert.match(doctor.stdout, /ftrace_enabled/)
  assert.ok(trySetFtrace('1'))
  await becomes(/^200 /)
  assert.equal(printed(), `${SECRET}\n`)
})

test('a pin that is gone is made again, and said', async () => {
  agent = await startAgent({ config: CONFIG, env: { SOURCE: SECRET } })
  const set = `${ROOT}/${readdirSync(ROOT).find((name) => /^v\d+$/.test(name))}`
  const gone = [`${set}/maps/scopes`, ...readdirSync(`${set}/links`).map((name) => `${set}/links/${name}`)]
  for (const pin of gone) rmSync(pin)
  assert.equal(printed(), `${SECRET}\n`, 'the agent’s descriptors keep the programs')
  assert.throws(() => readFileSync(`/proc/${agent?.pid}/environ`), { code: 'EPERM' })
  await eventually('the pins', () => gone.every((pin) => existsSync(pin)), NOTICED_MS)
  await eventually('the log', () => /pins were gone and have been made again/.test(agent?.log() ?? ''), NOTICED_MS)
  await becomes(/^200 /)
})

test('unload takes away what an agent holds, and the agent says that it protects nothing', async () => {
  agent = await startAgent({ config: CONFIG, env: { SOURCE: SECRET } })
  assert.equal(kernelseal(['unload', '--force']).status, 0)
  await becomes(/^503 .*taken away/)
  const { pid } = agent
  const isOpen = (): boolean => {
    try {
      return readFileSync(`/proc/${pid}/environ`).length > 0
    } catch {
      return false
    }
  }
  await eventually('the end of protection', isOpen, NOTICED_MS)
})
