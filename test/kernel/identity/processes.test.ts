/** Kinds of processes that servers are made of: threads, memory shared with a child, workers, programs run by descriptor or as another user. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, copyFileSync, mkdtempSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, test } from 'node:test'
import { type Agent, environOf, startAgent } from '../../support/agent-under-test.ts'

const SECRET = 'worker-secret-51c0'
const PYTHON = realpathSync('/usr/bin/python3')
const NODE = realpathSync(process.execPath)
/** Not below /tmp, which may be mounted without setuid. */
const folder = mkdtempSync('/var/lib/kernelseal-processes-')
const SETUID = join(folder, 'setuid-printenv')
const FREE_PYTHON = join(folder, 'python-elsewhere')

const binding = (name: string, binary: string): string => `
  - name: ${name}
    selector: { binary: ${binary} }
    secretRefs: [{ name: TOKEN, source: { envRef: SOURCE } }]`
const config = `
version: v1
policy: { mode: enforce }
secrets:${binding('printer', '/usr/bin/printenv')}${binding('python', PYTHON)}${binding('node', NODE)}${binding('setuid', SETUID)}
`
let agent: Agent

before(async () => {
  chmodSync(folder, 0o755)
  copyFileSync('/usr/bin/printenv', SETUID)
  chmodSync(SETUID, 0o4755)
  copyFileSync(PYTHON, FREE_PYTHON)
  chmodSync(FREE_PYTHON, 0o755)
  agent = await startAgent({ config, env: { SOURCE: SECRET } })
})

after(async () => {
  assert.equal(await agent.stop(), 0, agent.log())
})

const run = (path: string, args: string[], as: { uid?: number; gid?: number } = {}) =>
  spawnSync(path, args, { env: { PATH: '/usr/bin', ...agent.placeholders }, encoding: 'latin1', ...as })

/** The number a program prints first, and its end. */
async function started(path: string, args: string[]) {
  const child = spawn(path, args, {
    env: { PATH: '/usr/bin', ...agent.placeholders },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  const [line] = await once(createInterface({ input: child.stdout }), 'line')
  return { pid: Number(line), end: () => process.kill(-(child.pid as number), 'SIGKILL') }
}

test('a thread has the value, and reads its own environ by its thread’s path', () => {
  const script = `
import os, threading
def look():
    tid = threading.get_native_id()
    print(os.environ['TOKEN'] in open(f'/proc/self/task/{tid}/environ').read())
thread = threading.Thread(target=look); thread.start(); thread.join()`
  assert.equal(run(PYTHON, ['-c', script]).stdout, 'True\n')
})

test('a child that shares its parent’s memory (CLONE_VM without CLONE_THREAD) is sealed', async () => {
  const script = `
import ctypes, os, time
libc = ctypes.CDLL(None)
@ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)
def child(_):
    print(os.getpid(), flush=True); time.sleep(60); os._exit(0)
stack = ctypes.create_string_buffer(1 << 20)
top = (ctypes.addressof(stack) + (1 << 20)) & ~15
CLONE_VM, CLONE_VFORK, SIGCHLD = 0x100, 0x4000, 17
libc.clone(child, ctypes.c_void_p(top), CLONE_VM | CLONE_VFORK | SIGCHLD, None)`
  const child = await started(PYTHON, ['-c', script])
  try {
    assert.throws(() => environOf(child.pid), { code: 'EPERM' })
  } finally {
    child.end()
  }
})

test('a program run by its descriptor (execveat) is the program', () => {
  const script = `import os; os.execve(os.open('/usr/bin/printenv', os.O_RDONLY), ['printenv', 'TOKEN'], os.environ)`
  assert.equal(run(FREE_PYTHON, ['-c', script]).stdout, `${SECRET}\n`)
})

test('a copy of a program in memory (memfd) gets nothing', () => {
  const script = `
import os
fd = os.memfd_create('printenv')
os.write(fd, open('/usr/bin/printenv', 'rb').read())
os.execve(fd, ['/usr/bin/printenv', 'TOKEN'], os.environ)`
  assert.equal(run(FREE_PYTHON, ['-c', script]).stdout, `${agent.placeholders.TOKEN}\n`)
})

test('a setuid program that another user starts has its value, and is sealed', async () => {
  assert.equal(run(SETUID, ['TOKEN'], { uid: 65534, gid: 65534 }).stdout, `${SECRET}\n`)
})

test('a script whose interpreter is bound has the value', () => {
  const script = join(folder, 'script')
  writeFileSync(script, `#!${PYTHON}\nimport os\nprint(os.environ['TOKEN'])\n`, { mode: 0o755 })
  assert.equal(run(script, []).stdout, `${SECRET}\n`)
})

test('a pre-forking server: every worker has the value and is sealed', async () => {
  const script = `
import os, time
workers = []
for _ in range(4):
    pid = os.fork()
    if pid == 0:
        time.sleep(60); os._exit(len(os.environ['TOKEN']))
    workers.append(pid)
print(*workers[-1:], flush=True); time.sleep(60)`
  const last = await started(PYTHON, ['-c', script])
  try {
    for (let pid = last.pid; pid > last.pid - 4; pid--) assert.throws(() => environOf(pid), { code: 'EPERM' })
  } finally {
    last.end()
  }
})

test('a cluster of Node: a worker, which is the same program started again, has the value', () => {
  const script = join(folder, 'cluster.cjs')
  const text = `
const cluster = require('node:cluster')
if (cluster.isPrimary) cluster.fork().on('message', (text) => { console.log(text); process.exit() })
else process.send(process.env.TOKEN)`
  writeFileSync(script, text)
  const { stdout, stderr } = run(NODE, [script])
  assert.equal(stdout, `${SECRET}\n`, stderr)
})

test('a supervisor that starts a program again and again: each start has the value', () => {
  const script = 'for i in 1 2 3; do /usr/bin/printenv TOKEN; done'
  assert.equal(run('/bin/bash', ['-c', script]).stdout, `${SECRET}\n`.repeat(3))
})
