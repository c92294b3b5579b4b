/** Between two lives of a Pod's agent: its container, started again, succeeds it, and is guarded before it says a word. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type Agent, eventually, kernelseal, startAgent, writeAnnotations } from './agent-under-test.ts'
import { type PidNamespace, pidNamespace } from './pid-namespace.ts'

const ROOT = '/sys/fs/bpf/kernelseal'
const NODE = new URL('../../node_modules/node/bin/node', import.meta.url).pathname
const MAIN = new URL('../../agent/main.ts', import.meta.url).pathname
const SECRET = 'between-two-agents-6e'
const BINDINGS = `
- name: printer
  selector: { binary: /usr/bin/printenv, container: app }
  secretRefs: [{ name: TOKEN, source: { envRef: SOURCE } }]
`
const STATUS = { version: 'v1', nonce: '5e'.repeat(16), hash: '0'.repeat(64), containers: ['app'] }
const ANNOTATIONS = { 'kernelseal.io/bindings': BINDINGS, 'kernelseal.io/status': JSON.stringify(STATUS) }

/** BPF_OBJ_GET of a pin, by its number (include/uapi/linux/bpf.h): the first call of each agent. */
const OBJ_GET = `my $path = shift; my $attr = pack("p", $path) . pack("LL", 0, 0);
exit(syscall(321, 7, $attr, length $attr) < 0 ? 1 : 0)`

let space: PidNamespace
let first: Agent
let life: ChildProcess | undefined

/** A process as a runtime starts a container's first: from outside, in a mount namespace of its own. */
const container = (): readonly string[] => [
  ...['--mount', '--propagation', 'private', 'nsenter', `--pid=/proc/${space.init}/ns/pid`],
]
const asContainer = (command: readonly string[]) =>
  spawnSync('unshare', [...container(), ...command], { encoding: 'latin1', timeout: 60_000 })

/** The agent as that, with the /proc of its own processes: a canary is looked at by its number there. */
function program(): string {
  const path = join(mkdtempSync(join(tmpdir(), 'kernelseal-life-')), 'agent')
  const inside = `mount -t proc proc /proc && exec ${NODE} --disable-sigusr1 ${MAIN} "$@"`
  writeFileSync(path, `#!/bin/sh\nexec unshare ${container().join(' ')} /bin/sh -c '${inside}' agent "$@"\n`)
  chmodSync(path, 0o755)
  return path
}

const start = (): Promise<Agent> =>
  startAgent({ annotations: writeAnnotations(ANNOTATIONS), env: { SOURCE: SECRET }, program: program() })

const childOf = (pid: number): Promise<number> =>
  eventually('the child', () => Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim()) || undefined)

const enroll = () => `${ROOT}/${readdirSync(ROOT).find((name) => /^v\d+$/.test(name))}/programs/agent_enroll`
const inside = (script: string) => space.run(['/bin/sh', '-c', script], { PATH: '/usr/bin' })

before(async () => {
  space = await pidNamespace()
  first = await start()
})
after(async () => {
  life?.kill('SIGKILL')
  await space.end()
  kernelseal(['unload', '--force'])
})

test('another container of the Pod does not become the agent, while it is gone either', async () => {
  const agent = await childOf(first.pid)
  process.kill(agent, 'SIGKILL')
  await eventually('its end', () => !existsSync(`/proc/${agent}`))
  const outside = spawnSync('/usr/bin/perl', ['-e', OBJ_GET, enroll()])
  assert.equal(outside.status, 0, 'outside of the Pod the attempt works')
  assert.equal(asContainer(['/usr/bin/perl', '-e', OBJ_GET, enroll()]).status, 1)
})

test('nothing in the Pod locks the folder that new agents lock', () => {
  const lock = `/usr/bin/flock --nonblock ${ROOT} /bin/true`
  assert.equal(spawnSync('/bin/sh', ['-c', lock]).status, 0, 'outside of the Pod the attempt works')
  assert.notEqual(inside(lock).status, 0)
})

test('the agent’s program, started again, is closed to the Pod before it enrols', async () => {
  const idle = [NODE, '-e', 'setTimeout(() => {}, 60_000)']
  const other = spawn('unshare', [...container(), '/usr/bin/sleep', '60'], { env: { NEEDLE: SECRET } })
  const another = await childOf(other.pid as number)
  await eventually('the exec', () => inside(`grep -q ${SECRET} /proc/${another}/environ`).status === 0)
  assert.equal(inside(`ls /proc/${another}/root/`).status, 0, 'of another container both are open')
  other.kill('SIGKILL')
  life = spawn('unshare', [...container(), ...idle], { env: { NEEDLE: SECRET } })
  const pid = await childOf(life.pid as number)
  await eventually('the exec', () => readFileSync(`/proc/${pid}/comm`, 'latin1').startsWith('node'))
  assert.notEqual(inside(`cat /proc/${pid}/environ`).status, 0)
  assert.notEqual(inside(`ls /proc/${pid}/root/`).status, 0)
  assert.notEqual(inside(`kill -USR1 $(awk '/NSpid/ {print $NF}' /proc/${pid}/status)`).status, 0)
  process.kill(pid, 'SIGKILL')
  await eventually('its end', () => !existsSync(`/proc/${pid}`))
})

test('the container of the agent, started again, succeeds it', async () => {
  const next = await start()
  assert.match(next.log(), /adopted the node's \d+ programs/)
  const printed = spawnSync('unshare', [...container(), '/usr/bin/printenv', 'TOKEN'], {
    env: next.placeholders,
    encoding: 'latin1',
  })
  assert.equal(printed.stdout, `${SECRET}\n`)
  await assert.rejects(start(), /has a living agent/)
})
