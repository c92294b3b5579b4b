/** A runtime's debugging door, opened by a signal and entered by a socket. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { type Agent, eventually, startAgent, writeAnnotations } from '../../support/agent-under-test.ts'
import { type Container, endContainers, startContainer } from '../../support/containers.ts'
import { type PidNamespace, pidNamespace } from '../../support/pid-namespace.ts'

const BINDINGS = `
- name: entrypoint
  selector: { container: app }
  secretRefs: [{ name: PASSWORD, source: { envRef: SOURCE } }]
`
const STATUS = { version: 'v1', nonce: '5e'.repeat(16), hash: '0'.repeat(64), containers: ['app'] }
const ANNOTATIONS = { 'kernelseal.io/bindings': BINDINGS, 'kernelseal.io/status': JSON.stringify(STATUS) }
const SECRET = 'behind-a-door-4c'
let namespace: PidNamespace
let agent: Agent
let app: Container
let mounts: string

before(async () => {
  namespace = await pidNamespace()
  const env = { SOURCE: SECRET }
  agent = await startAgent({ annotations: writeAnnotations(ANNOTATIONS), env, args: namespace.args })
  app = startContainer(namespace, agent.placeholders)
  await app.begun()
  mounts = `/proc/${await app.pid()}/ns/mnt`
})
after(async () => {
  endContainers()
  try {
    await agent.stop()
  } finally {
    await namespace.end()
  }
})

/** In files, which all containers see: the container's shell takes single lines. */
const scripts = {
  handle: '/tmp/kernelseal-handle.py',
  listen: '/tmp/kernelseal-listen.py',
  connect: '/tmp/kernelseal-connect.py',
}

/** As `kubectl exec` starts it. */
function visit(command: readonly string[]) {
  const enter = [`--mount=${mounts}`, `--pid=/proc/${namespace.init}/ns/pid`, '--', ...command]
  return spawnSync('nsenter', enter, { encoding: 'utf8', env: { PATH: '/usr/bin' }, timeout: 20_000 })
}

const HANDLE = `
import os, signal, time
signal.signal(signal.SIGUSR1, lambda *_: open("/tmp/kernelseal-door-open", "w").close())
open("/tmp/kernelseal-door-ready", "w").close()
while True: time.sleep(1)
`
const [READY, OPEN] = ['/tmp/kernelseal-door-ready', '/tmp/kernelseal-door-open']
const appears = (file: string): Promise<boolean> => eventually(file, () => existsSync(file), 60_000)

test('a visitor’s SIGUSR1 does not reach the handler of a sealed program, its own container’s does', async () => {
  writeFileSync(scripts.handle, HANDLE)
  const pid = await app.ask(`/usr/bin/python3 ${scripts.handle} > /dev/null 2>&1 & echo $!`)
  await appears(READY)
  const { status, stderr } = visit(['kill', '-USR1', pid])
  assert.notEqual(status, 0)
  assert.match(stderr, /not permitted/i)
  assert.equal(visit(['kill', '-CONT', pid]).status, 0, 'other signals pass')
  assert.ok(!existsSync(OPEN))
  await app.ask(`kill -USR1 ${pid}`)
  await appears(OPEN)
  await app.ask(`kill -KILL ${pid}`)
  await eventually('the event', () => agent.events().some((event) => event.way === 'debug-signal'))
})

const LISTEN = `
import socket, sys
doors = [socket.socket(socket.AF_UNIX) for _ in sys.argv[1:]]
for door, path in zip(doors, sys.argv[1:]): door.bind(path); door.listen(8)
open("/tmp/doors-ready", "w")
import time; time.sleep(600)
`
const CONNECT = `
import socket, sys
for path in sys.argv[1:]:
    try: socket.socket(socket.AF_UNIX).connect(path); print(0)
    except OSError as error: print(error.errno)
`
const DOORS = ['/tmp/dotnet-diagnostic-7-1-socket', '/tmp/.java_pid7']

test('nor does a visitor enter by the socket of a debugging door; other sockets are open to it', async () => {
  writeFileSync(scripts.listen, LISTEN)
  writeFileSync(scripts.connect, CONNECT)
  const all = [...DOORS, '/tmp/database.sock']
  await app.ask(`/usr/bin/python3 ${scripts.listen} ${all.join(' ')} > /dev/null 2>&1 & true`)
  assert.equal(await app.ask('until [ -e /tmp/doors-ready ]; do sleep 0.1; done; echo ready'), 'ready')
  assert.equal(visit(['/usr/bin/python3', scripts.connect, ...all]).stdout, '1\n1\n0\n')
  assert.equal(await app.ask(`/usr/bin/python3 ${scripts.connect} ${all.join(' ')}`), '0\n0\n0')
  await eventually('the event', () => agent.events().some((event) => event.way === 'debug-socket'))
})
