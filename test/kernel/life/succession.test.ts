/** Between two lives of a Pod's agent: its container, started again, succeeds it, and is guarded before it says a word. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { admitted } from '../../support/admitted.ts'
import { type AgentImage, agentImage } from '../../support/agent-image.ts'
import { type Agent, eventually, kernelseal, startAgent } from '../../support/agent-under-test.ts'
import { type PidNamespace, pidNamespace } from '../../support/pid-namespace.ts'

const ROOT = '/sys/fs/bpf/kernelseal'
const MAIN = new URL('../../../agent/main.ts', import.meta.url).pathname
const SECRET = 'between-two-agents-6e'
const BINDINGS = `
- name: printer
  selector: { binary: /usr/bin/printenv, container: app }
  secretRefs: [{ name: TOKEN, source: { envRef: SOURCE } }]
`

/** BPF_OBJ_GET of a pin, by its number (include/uapi/linux/bpf.h): the first call of each agent. */
const OBJ_GET = `my $path = shift; my $attr = pack("p", $path) . pack("LL", 0, 0);
exit(syscall(321, 7, $attr, length $attr) < 0 ? 1 : 0)`

/** For work that takes milliseconds natively: an emulated machine does it beside others. */
const LONGEST_MS = 120_000

let image: AgentImage
let space: PidNamespace
let first: Agent
let life: ChildProcess | undefined

/** A process as a runtime starts a container's first: from outside, in a mount namespace of its own. */
const container = (): readonly string[] => [
  ...['--mount', '--propagation', 'private', 'nsenter', `--pid=/proc/${space.init}/ns/pid`],
]
const asContainer = (command: readonly string[]) =>
  spawnSync('unshare', [...container(), ...command], { encoding: 'latin1', timeout: LONGEST_MS })

const annotations = admitted(BINDINGS)
const start = (): Promise<Agent> =>
  startAgent({ annotations, env: { SOURCE: SECRET }, program: image.agent(space.init) })

const childOf = (pid: number): Promise<number> =>
  eventually(
    'the child',
    () => Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim()) || undefined,
    LONGEST_MS,
  )
/** By its arguments: Node gives its threads names of their own (`comm`). Others come and go before. */
const runs = (pid: string, program: string): boolean => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').startsWith(program)
  } catch {
    return false
  }
}
const childThatRuns = (pid: number, program: string): Promise<number> =>
  eventually(
    'the exec',
    () => {
      const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ')
      return Number(children.find((child) => runs(child, program)))
    },
    LONGEST_MS,
  )
const isGone = (pid: number): Promise<boolean> => eventually('its end', () => !existsSync(`/proc/${pid}`), LONGEST_MS)
/** In a Pod, by the number that it has there. */
const signal = (pid: number): string => `kill -USR1 $(awk '/NSpid/ {print $NF}' /proc/${pid}/status)`

const enroll = () => `${ROOT}/${readdirSync(ROOT).find((name) => /^v\d+$/.test(name))}/programs/agent_enroll`
const inside = (script: string) => space.run(['/bin/sh', '-c', script], { PATH: '/usr/bin' })

/** The agent's program without the agent, as a container of its image. @param before words before the runtime's */
async function startIdle(before: readonly string[] = []): Promise<number> {
  const [command = '', ...args] = [
    ...before,
    image.runtime(space.init, image.node),
    '-e',
    'setTimeout(() => {}, 600_000)',
  ]
  life = spawn(command, args, { env: { PATH: process.env.PATH, NEEDLE: SECRET } })
  return childThatRuns(life.pid as number, image.node)
}

before(async () => {
  image = agentImage()
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
  const command = image.runtime(space.init, `sh -c "exec ${image.node} ${MAIN} run --annotations ${annotations}"`)
  const impostor = spawnSync(command, { encoding: 'latin1', timeout: LONGEST_MS })
  assert.match(impostor.stderr, /the kernel keeps its programs from this process/)
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
  const pid = await startIdle()
  assert.notEqual(inside(`cat /proc/${pid}/environ`).status, 0)
  assert.notEqual(inside(`ls /proc/${pid}/root/`).status, 0)
  assert.notEqual(inside(signal(pid)).status, 0)
  process.kill(pid, 'SIGKILL')
  await isGone(pid)
})

test('the same program in another group than the Pod’s is not taken for the agent', async () => {
  const group = '/sys/fs/cgroup/another/container'
  mkdirSync(group, { recursive: true })
  const pid = await startIdle(['/bin/sh', '-c', 'echo $$ >"$0" && exec "$@"', `${group}/cgroup.procs`])
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
