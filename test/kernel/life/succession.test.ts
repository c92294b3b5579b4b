/** Between two lives of a Pod's agent: its container, started again, succeeds it, and is guarded before it says a word. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type Agent, eventually, kernelseal, startAgent, writeAnnotations } from '../../support/agent-under-test.ts'
import { type PidNamespace, pidNamespace } from '../../support/pid-namespace.ts'

const ROOT = '/sys/fs/bpf/kernelseal'
const NODE = new URL('../../../node_modules/node/bin/node', import.meta.url).pathname
const MAIN = new URL('../../../agent/main.ts', import.meta.url).pathname
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

/** For what takes milliseconds natively: an emulated machine does it beside others. */
const LONGEST_MS = 120_000

let space: PidNamespace
let first: Agent
let life: ChildProcess | undefined

/** A process as a runtime starts a container's first: from outside, in a mount namespace of its own. */
const container = (): readonly string[] => [
  ...['--mount', '--propagation', 'private', 'nsenter', `--pid=/proc/${space.init}/ns/pid`],
]
const asContainer = (command: readonly string[]) =>
  spawnSync('unshare', [...container(), ...command], { encoding: 'latin1', timeout: LONGEST_MS })

function executable(name: string, text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'kernelseal-life-')), name)
  writeFileSync(path, text)
  chmodSync(path, 0o755)
  return path
}

/** The agent as that, with an entrypoint as its image has (Dockerfile.agent) and the /proc of the Pod, in which its canary is. */
function program(): string {
  const entrypoint = executable('kernelseal', `#!${NODE} --disable-sigusr1\nimport('${MAIN}')\n`)
  const place = `nsenter --mount=/proc/${space.init}/ns/mnt unshare --mount --propagation private nsenter --pid=/proc/1/ns/pid`
  return executable('runtime', `#!/bin/sh\nexec ${place} ${entrypoint} "$@"\n`)
}

const annotations = writeAnnotations(ANNOTATIONS)
const start = (): Promise<Agent> => startAgent({ annotations, env: { SOURCE: SECRET }, program: program() })

const childOf = (pid: number): Promise<number> =>
  eventually(
    'the child',
    () => Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim()) || undefined,
    LONGEST_MS,
  )
/** By its arguments: Node gives its threads names of their own (`comm`). */
const runs = (pid: number, program: string): boolean =>
  readFileSync(`/proc/${pid}/cmdline`, 'latin1').startsWith(program)
const isGone = (pid: number): Promise<boolean> => eventually('its end', () => !existsSync(`/proc/${pid}`), LONGEST_MS)
/** In a Pod, by the number that it has there. */
const signal = (pid: number): string => `kill -USR1 $(awk '/NSpid/ {print $NF}' /proc/${pid}/status)`

const enroll = () => `${ROOT}/${readdirSync(ROOT).find((name) => /^v\d+$/.test(name))}/programs/agent_enroll`
const inside = (script: string) => space.run(['/bin/sh', '-c', script], { PATH: '/usr/bin' })

/** The agent's program without the agent, as a container. @param command with `args` before: what becomes unshare(1) */
async function startIdle(command: string, args: readonly string[]): Promise<number> {
  const idle = [NODE, '-e', 'setTimeout(() => {}, 600_000)']
  life = spawn(command, [...args, ...container(), ...idle], { env: { NEEDLE: SECRET } })
  const pid = await childOf(life.pid as number)
  await eventually('the exec', () => runs(pid, NODE), LONGEST_MS)
  return pid
}

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
  assert.equal(asContainer(['/usr/bin/perl', '-e', OBJ_GET, enroll()]).status, 1)
  process.kill(agent, 'SIGKILL')
  await isGone(agent)
  const outside = spawnSync('/usr/bin/perl', ['-e', OBJ_GET, enroll()])
  assert.equal(outside.status, 0, 'outside of the Pod the attempt works')
  assert.equal(asContainer(['/usr/bin/perl', '-e', OBJ_GET, enroll()]).status, 1)
})

test('the agent’s own program, run by a shell of the Pod, does not become the agent', () => {
  const impostor = asContainer(['/bin/sh', '-c', `${NODE} ${MAIN} run --annotations ${annotations}; exit 0`])
  assert.match(impostor.stderr, /this process is inside a scope/)
})

test('nothing in the Pod locks the folder that new agents lock', () => {
  const lock = `/usr/bin/flock --nonblock ${ROOT} /bin/true`
  assert.equal(spawnSync('/bin/sh', ['-c', lock]).status, 0, 'outside of the Pod the attempt works')
  assert.notEqual(inside(lock).status, 0)
})

test('the agent’s program, started again, is closed to the Pod before it enrols', async () => {
  const other = spawn('unshare', [...container(), '/usr/bin/sleep', '600'], { env: { NEEDLE: SECRET } })
  const another = await childOf(other.pid as number)
  await eventually('the exec', () => inside(`grep -q ${SECRET} /proc/${another}/environ`).status === 0)
  assert.equal(inside(`ls /proc/${another}/root/`).status, 0, 'of another container both are open')
  assert.equal(inside(signal(another)).status, 0, 'and it takes signals')
  await isGone(another)
  const pid = await startIdle('unshare', [])
  assert.notEqual(inside(`cat /proc/${pid}/environ`).status, 0)
  assert.notEqual(inside(`ls /proc/${pid}/root/`).status, 0)
  assert.notEqual(inside(signal(pid)).status, 0)
  process.kill(pid, 'SIGKILL')
  await isGone(pid)
})

test('the same program in another group than the Pod’s is not taken for the agent', async () => {
  const group = '/sys/fs/cgroup/another/container'
  mkdirSync(group, { recursive: true })
  const pid = await startIdle('/bin/sh', ['-c', 'echo $$ >"$0" && exec unshare "$@"', `${group}/cgroup.procs`])
  assert.equal(inside(`cat /proc/${pid}/environ`).stdout.includes(SECRET), true)
  process.kill(pid, 'SIGKILL')
  await isGone(pid)
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
