/** A fork bomb in a sealed program: every copy is sealed, and every event that did not fit is counted. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { environOf, eventually, startAgent } from '../support/agent-under-test.ts'

const COPIES = Number(process.env.KERNELSEAL_COPIES ?? 1000)
const EXECS = Number(process.env.KERNELSEAL_EXECS ?? 6000)
/** Those of a host's ring. */
const EVENTS_HELD = 9_700
const SECRET = 'bombed-secret-e802'
const PYTHON = spawnSync('readlink', ['-f', '/usr/bin/python3'], { encoding: 'utf8' }).stdout.trim()
const config = `
version: v1
policy: { mode: enforce }
secrets:
  - name: bomb
    selector: { binary: ${PYTHON} }
    secretRefs: [{ name: TOKEN, source: { envRef: SOURCE } }]
  - name: printer
    selector: { binary: /usr/bin/printenv }
    secretRefs: [{ name: TOKEN, source: { envRef: SOURCE } }]
`
/** Doubles until there are enough, then prints its copies' numbers and waits. */
const BOMB = `
import os, sys, time
def copies(n):
    if n <= 1: return
    half = n // 2
    if os.fork() == 0: copies(half)
    else: copies(n - half)
copies(${COPIES})
print(os.getpid(), flush=True)
time.sleep(600)`

test(`${COPIES} copies of a sealed program are all refused to root`, async () => {
  const agent = await startAgent({ config, env: { SOURCE: SECRET } })
  const bomb = spawn(PYTHON, ['-c', BOMB], {
    env: agent.placeholders,
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  let output = ''
  bomb.stdout.on('data', (chunk) => {
    output += chunk
  })
  const pids = (): number[] => output.trim().split('\n').map(Number)
  try {
    for (let i = 0; pids().length < COPIES && i < 20; i++)
      await eventually('copies', () => pids().length >= COPIES).catch(() => {})
    assert.equal(pids().length, COPIES)
    for (const pid of pids()) assert.throws(() => environOf(pid), { code: 'EPERM' }, `PID ${pid}`)
    assert.equal(await agent.metric('kernelseal_sealed_processes'), COPIES)
  } finally {
    process.kill(-(bomb.pid as number), 'SIGKILL')
  }
  await agent.stop()
})

test(`of ${EXECS} starts at once with a stopped agent, each event is received or counted as lost`, async () => {
  const agent = await startAgent({ config, env: { SOURCE: SECRET } })
  const stopped = readFileSync('/sys/kernel/security/lockdown', 'utf8').includes('[integrity]')
  if (!stopped) process.kill(agent.pid, 'SIGSTOP')
  const script = `for ((i = 0; i < ${EXECS}; i++)); do /usr/bin/printenv TOKEN; done`
  const { stdout } = spawnSync('/bin/bash', ['-c', script], {
    env: { PATH: '/usr/bin', ...agent.placeholders },
    encoding: 'latin1',
  })
  assert.equal(stdout.split('\n').filter((line) => line === SECRET).length, EXECS)
  process.kill(agent.pid, 'SIGCONT')
  const lost = () => agent.metric('kernelseal_events_lost_total')
  const of = (tag: string): number => agent.events().filter((e) => e.tag === tag).length
  await eventually('all events', () => of('EXEC') > 0)
  const all = async (): Promise<number> => of('EXEC') + of('INJECT') + (await lost())
  for (let i = 0; i < 60 && (await all()) < 2 * EXECS; i++) await new Promise((resolve) => setTimeout(resolve, 500))
  console.log(`events: ${of('EXEC')} execs and ${of('INJECT')} deliveries received, ${await lost()} lost`)
  assert.equal(await all(), 2 * EXECS)
  if (!stopped && 2 * EXECS > EVENTS_HELD) assert.ok((await lost()) > 0, 'nothing was lost: the count proved nothing')
  await agent.stop()
})
