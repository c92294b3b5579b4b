/** A runtime's debugging door, opened by a signal and entered by a socket. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { admitted } from '../../support/admitted.ts'
import { type Agent, eventually, startAgent } from '../../support/agent-under-test.ts'
import { type Container, endContainers, startContainer } from '../../support/containers.ts'
import { type PidNamespace, pidNamespace } from '../../support/pid-namespace.ts'

const BINDINGS = `
- name: entrypoint
  selector: { container: app }
  secretRefs: [{ name: PASSWORD, source: { envRef: SOURCE } }]
`
const SECRET = 'behind-a-door-4c'
let namespace: PidNamespace
let agent: Agent

/** In files, which all containers see: the container's shell takes single lines. */
const [HANDLE, LISTEN, CONNECT] = ['handle', 'listen', 'connect'].map((n) => `/tmp/kernelseal-${n}.py`) as Triple
type Triple = [string, string, string]
const [READY, OPEN] = ['/tmp/kernelseal-door-ready', '/tmp/kernelseal-door-open']

const HANDLING = `
import signal, time
signal.signal(signal.SIGUSR1, lambda *_: open("${OPEN}", "w").close())
open("${READY}", "w").close()
while True: time.sleep(1)
`
const LISTENING = `
import os, socket, sys, time
doors = [socket.socket(socket.AF_UNIX) for _ in sys.argv[1:]]
for door, path in zip(doors, sys.argv[1:]):
    if os.path.exists(path): os.remove(path)
    door.bind(path); door.listen(8)
open("${READY}", "w").close()
time.sleep(3600)
`
const CONNECTING = `
import socket, sys
for path in sys.argv[1:]:
    try: socket.socket(socket.AF_UNIX).connect(path); print(0)
    except OSError as error: print(error.errno)
`
/** Two debugging doors, and a socket that is none. */
const SOCKETS = ['/tmp/dotnet-diagnostic-7-1-socket', '/tmp/.java_pid7', '/tmp/database.sock']

/** An interpreter starts in seconds on an emulated machine. */
const LONGEST_MS = 120_000
const appears = (file: string): Promise<boolean> => eventually(file, () => existsSync(file), LONGEST_MS)

/** Starts a script in a container, and waits for its word. @returns its number there */
async function background(container: Container, script: string, args: readonly string[] = []): Promise<string> {
  for (const file of [READY, OPEN]) rmSync(file, { force: true })
  const pid = await container.ask(`/usr/bin/python3 ${script} ${args.join(' ')} > /dev/null 2>&1 & echo $!`)
  await appears(READY)
  return pid
}

/** As `kubectl exec` starts it. */
async function visit(container: Container, command: readonly string[]) {
  const mounts = `/proc/${await container.pid()}/ns/mnt`
  const enter = [`--mount=${mounts}`, `--pid=/proc/${namespace.init}/ns/pid`, '--', ...command]
  return spawnSync('nsenter', enter, { encoding: 'utf8', env: { PATH: '/usr/bin' }, timeout: LONGEST_MS })
}

before(async () => {
  for (const [script, text] of [
    [HANDLE, HANDLING] as const,
    [LISTEN, LISTENING] as const,
    [CONNECT, CONNECTING] as const,
  ])
    writeFileSync(script, text)
  namespace = await pidNamespace()
})
after(async () => {
  endContainers()
  await namespace.end()
})

const connect = ['/usr/bin/python3', CONNECT, ...SOCKETS]

test('without protection a visitor’s signal reaches the handler, and its connections the doors', async () => {
  const free = startContainer(namespace, {})
  await free.begun()
  const pid = await background(free, HANDLE)
  assert.equal((await visit(free, ['kill', '-USR1', pid])).status, 0)
  await appears(OPEN)
  await free.ask(`kill -KILL ${pid}`)
  await background(free, LISTEN, SOCKETS)
  assert.equal((await visit(free, connect)).stdout, '0\n0\n0\n')
  await free.end()
})

describe('of a sealed container', () => {
  let app: Container
  before(async () => {
    const env = { SOURCE: SECRET }
    agent = await startAgent({ annotations: admitted(BINDINGS), env, args: namespace.args })
    app = startContainer(namespace, agent.placeholders)
    await app.begun()
    assert.equal(await app.ask('echo "$PASSWORD"'), SECRET)
  })
  after(async () => {
    await app.end()
    await agent.stop()
  })

  test('a visitor’s SIGUSR1 does not reach the handler, its own does', async () => {
    const pid = await background(app, HANDLE)
    const { status, stderr } = await visit(app, ['kill', '-USR1', pid])
    assert.notEqual(status, 0)
    assert.match(stderr, /not permitted/i)
    assert.equal((await visit(app, ['kill', '-CONT', pid])).status, 0, 'other signals pass')
    assert.ok(!existsSync(OPEN))
    await app.ask(`kill -USR1 ${pid}`)
    await appears(OPEN)
    await app.ask(`kill -KILL ${pid}`)
    await eventually('the event', () => agent.events().some((event) => event.way === 'debug-signal'), LONGEST_MS)
  })

  test('nor does a visitor enter by the socket of a debugging door; other sockets are open to it', async () => {
    await background(app, LISTEN, SOCKETS)
    assert.equal((await visit(app, connect)).stdout, '1\n1\n0\n')
    assert.equal(await app.ask(connect.join(' ')), '0\n0\n0')
    await eventually('the event', () => agent.events().some((event) => event.way === 'debug-socket'), LONGEST_MS)
  })
})
