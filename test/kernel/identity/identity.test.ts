/** Identity in a Pod: processes from outside, files that are not the container's own, and the owner of a placeholder. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { admitted } from '../../support/admitted.ts'
import { type Agent, eventually, startAgent } from '../../support/agent-under-test.ts'
import { endContainers, startContainer } from '../../support/containers.ts'
import { type PidNamespace, pidNamespace } from '../../support/pid-namespace.ts'

const SECRET = 'of-who-it-is-for-31fa'
const CHANGED = '/tmp/kernelseal-identity'
const BINDINGS = `
- name: entrypoint
  selector: { container: app }
  secretRefs: [{ name: PASSWORD, source: { envRef: SOURCE } }]
- name: printer
  selector: { binary: /usr/bin/printenv, container: app }
  secretRefs: [{ name: TOKEN, source: { envRef: SOURCE } }]
- name: verified
  selector: { binary: /usr/bin/env, container: app, verify: image }
  secretRefs: [{ name: VERIFIED, source: { envRef: SOURCE } }]
`
let namespace: PidNamespace
let agent: Agent

before(async () => {
  namespace = await pidNamespace()
  const env = { SOURCE: SECRET }
  agent = await startAgent({ annotations: admitted(BINDINGS), env, args: namespace.args })
})
after(async () => {
  endContainers()
  try {
    await agent.stop()
  } finally {
    await namespace.end()
  }
})

const container = (env: Readonly<Record<string, string>> = agent.placeholders) => startContainer(namespace, env)

/**
 * A runtime's process that has joined, stopped just before its exec: into a new mount namespace, or a container's (the
 * second argument). Its program comes last.
 */
const HELD = `
import ctypes, os, signal, sys
libc = ctypes.CDLL(None, use_errno=True)
def enter(path, kind):
    if libc.setns(os.open(path, os.O_RDONLY), kind): raise OSError(ctypes.get_errno(), path)
pid_ns, mounts, *command = sys.argv[1:]
joined = os.open(pid_ns, os.O_RDONLY)
if mounts == 'new': libc.unshare(0x00020000)
else: enter(mounts, 0x00020000)
libc.setns(joined, 0x20000000)
child = os.fork()
if child == 0:
    os.kill(os.getpid(), signal.SIGSTOP)
    os.execv(command[0], command)
os.waitpid(child, 0)
`

interface Held {
  /** Outside. */
  readonly pid: number
  /** In the PID namespace. */
  readonly inside: string
  /** Lets it exec. @returns its output */
  readonly release: () => Promise<string>
}

async function hold(mounts: string, command: readonly string[]): Promise<Held> {
  const args = ['-c', HELD, `/proc/${namespace.init}/ns/pid`, mounts, ...command]
  const outer: ChildProcess = spawn('/usr/bin/python3', args, { env: agent.placeholders })
  let output = ''
  outer.stdout?.on('data', (chunk) => {
    output += chunk
  })
  const children = `/proc/${outer.pid}/task/${outer.pid}/children`
  const state = (pid: number): string => readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.[0] ?? ''
  const pid = await eventually('a process that is held', () => {
    const child = Number(readFileSync(children, 'latin1').trim())
    return child && state(child) === 'T' && child
  })
  const inside = /^NSpid:.*\s(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? ''
  let isClosed = false // ended, and its output read
  outer.once('close', () => {
    isClosed = true
  })
  const release = async () => {
    process.kill(pid, 'SIGCONT')
    await eventually('its end', () => isClosed)
    return output.trim()
  }
  return { pid, inside, release }
}

test('a visitor that waits for the end of the entrypoint is not the next one', async () => {
  const app = container()
  await app.begun()
  assert.equal(await app.ask('printenv TOKEN'), SECRET)
  const visitor = await hold(`/proc/${await app.pid()}/ns/mnt`, ['/usr/bin/printenv', 'TOKEN', 'PASSWORD'])
  await app.end()
  const { TOKEN, PASSWORD } = agent.placeholders
  assert.equal(await visitor.release(), `${TOKEN}\n${PASSWORD}`)
})

test('a placeholder stays its container’s when that has ended, and goes to its next life', async () => {
  const app = container()
  await app.begun()
  const other = container({})
  await other.begun()
  const bring = `TOKEN='${agent.placeholders.TOKEN}' printenv TOKEN`
  assert.equal(await other.ask(bring), agent.placeholders.TOKEN)
  await app.end()
  assert.equal(await other.ask(bring), agent.placeholders.TOKEN)
  const again = container()
  await again.begun()
  assert.equal(await again.ask('printenv TOKEN'), SECRET)
  assert.equal(await other.ask(bring), agent.placeholders.TOKEN)
  await again.end()
  await other.end()
})

test('a program of another container’s files is not the bound one, and ends the entrypoint’s values', async () => {
  const app = container()
  await app.begun()
  const other = container({})
  const [pid] = await other.begun()
  const own = (await app.ask('mount -t proc proc /mnt && printenv TOKEN PASSWORD')).split('\n')
  assert.deepEqual(own, [SECRET, SECRET])
  const foreign = await app.ask(`TOKEN='${agent.placeholders.TOKEN}' /mnt/${pid}/root/usr/bin/printenv TOKEN PASSWORD`)
  assert.ok(!foreign.includes(SECRET), 'a value in a program of another container')
  await app.end()
  await other.end()
})

/** Programs of the container that were changed, and the rest of its image below them, as its root. */
const PIVOT = `for program in printenv env; do cp /usr/bin/$program ${CHANGED}/usr/bin && echo >> ${CHANGED}/usr/bin/$program; done &&
  mount -t overlay -o lowerdir=${CHANGED}:/ none /mnt && cd /mnt && /usr/sbin/pivot_root . mnt && cd / && echo done`

test('a root that the container puts in the place of its own is no image', async () => {
  mkdirSync(`${CHANGED}/usr/bin`, { recursive: true })
  const app = container()
  await app.begun()
  const verified = `env | grep -c ^VERIFIED=${SECRET}`
  assert.equal(await app.ask(verified), '1')
  assert.equal(await app.ask(PIVOT.replaceAll('\n', ' ')), 'done')
  assert.equal(await app.ask('printenv TOKEN'), SECRET, 'the changed program has the path of the bound one')
  assert.equal(await app.ask(verified), '0')
  await eventually('the reason', () => agent.events().some((event) => event.reason === 'foreign-file'))
  await app.end()
})

/** In a file, which all containers see. */
const SCRIPT = '/tmp/kernelseal-touch.py'
/** PTRACE_ATTACH, a signal that would let it go on, and a perf sampler of its stack. Prints the result of each: 1 is EPERM. */
const TOUCH = `
import ctypes, os, struct, sys
libc, pid = ctypes.CDLL(None, use_errno=True), int(sys.argv[1])
attached = libc.ptrace(16, pid, None, None)
print(ctypes.get_errno() if attached else 0)
if not attached: os.waitpid(pid, 0); libc.ptrace(17, pid, None, 19)
try: os.kill(pid, 28); print(0)
except OSError as error: print(error.errno)
attr = bytearray(112)
struct.pack_into('<IIQQQ', attr, 0, 1, len(attr), 0, 1000000, 1 << 13)
struct.pack_into('<I', attr, 88, 4096)
number = {'x86_64': 298, 'aarch64': 241}[os.uname().machine]
opened = libc.syscall(number, (ctypes.c_char * len(attr)).from_buffer(attr), pid, -1, -1, 0)
print({1: 1, 13: 1}.get(ctypes.get_errno(), 2) if opened < 0 else 0)
`

test('a process on its way into a container is not touched from inside the Pod', async () => {
  writeFileSync(SCRIPT, TOUCH)
  const other = container({})
  await other.begun()
  const held = await hold('new', ['/usr/bin/printenv', 'TOKEN'])
  const touched = await other.ask(`/usr/bin/python3 ${SCRIPT} ${held.inside}`)
  assert.deepEqual(touched.split('\n'), ['1', '1', '1'])
  assert.equal(spawnSync('/usr/bin/python3', ['-c', TOUCH, String(held.pid)], { encoding: 'utf8' }).stdout, '0\n0\n0\n')
  assert.equal(await held.release(), SECRET)
  await eventually('the event', () => agent.events().some((event) => event.way === 'starting'))
  await other.end()
})

const SWITCH = '/proc/sys/kernel/ftrace_enabled'

test('no value is given while the kernel’s trampolines are switched off', async (t) => {
  const switched = (to: 0 | 1): string => spawnSync('sh', ['-c', `echo ${to} > ${SWITCH}`], { encoding: 'utf8' }).stderr
  const refusal = switched(0)
  if (refusal) return t.skip(`the kernel does not let them be switched off: ${refusal.trim()}`)
  try {
    const off = namespace.run(['/usr/bin/printenv', 'TOKEN'], agent.placeholders)
    assert.ok(!off.stdout.includes(SECRET), 'given without protection')
  } finally {
    assert.equal(switched(1), '')
  }
  // The agent looks at the switch once a second, and gives nothing until it has seen it on again.
  const given = () => namespace.run(['/usr/bin/printenv', 'TOKEN'], agent.placeholders).stdout === `${SECRET}\n`
  await eventually('a value again', given)
})
