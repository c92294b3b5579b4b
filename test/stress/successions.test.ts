/**
 * A Pod's agent ends at random moments, in each way that it can, while an attacker in the Pod tries to take its place, to read its
 * root, and to read a sealed program. The number of ends of the long run: KERNELSEAL_ENDS=100.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { admitted } from '../support/admitted.ts'
import { type AgentImage, agentImage } from '../support/agent-image.ts'
import { eventually, kernelseal, placeholdersOf } from '../support/agent-under-test.ts'
import { type PidNamespace, pidNamespace } from '../support/pid-namespace.ts'
import { ENDS, killGroup, type Life, LONGEST_MS, liveUntil, makeGroup, outOfMemory, startLife } from './agent-life.ts'
import { type Attacker, type Found, startAttacker } from './pod-attacker.ts'

const LIVES = Number(process.env.KERNELSEAL_ENDS ?? 8)
const ROOT = '/sys/fs/bpf/kernelseal'
const SECRET = 'never-between-two-4b'
const BINDINGS = `
- name: printer
  selector: { binary: /usr/bin/printenv, container: app }
  secretRefs: [{ name: TOKEN, source: { envRef: SOURCE } }]
- name: server
  selector: { binary: /usr/bin/busybox, container: server }
  secretRefs: [{ name: PASSWORD, source: { envRef: SOURCE } }]
`
const annotations = admitted(BINDINGS, ['app', 'server'])

let image: AgentImage
let space: PidNamespace
let attacker: Attacker
let unprotected: Found
let sealed: ChildProcess
let longest = 0

const start = (): Promise<Life> =>
  startLife([image.agent(space.init), 'run', '--annotations', annotations], { SOURCE: SECRET })

/** As a runtime starts a container's first process. */
const enter = (): string[] => ['unshare', ...PRIVATE, 'nsenter', `--pid=/proc/${space.init}/ns/pid`]
const PRIVATE = ['--mount', '--propagation', 'private']
/** Of one container: it would own those of the other as well. A value that stands first would close `cmdline`. */
const placeholder = (name: 'TOKEN' | 'PASSWORD'): Record<string, string> => ({
  PATH: '/usr/bin',
  [name]: placeholdersOf({ annotations })[name] ?? '',
})

/** A container of the Pod that starts again, and prints its value. */
function printed(): string {
  const [command = '', ...args] = [...enter(), '/usr/bin/printenv', 'TOKEN']
  const { stdout, stderr } = spawnSync(command, args, {
    env: placeholder('TOKEN'),
    encoding: 'latin1',
    timeout: LONGEST_MS,
  })
  return stdout.trim() || stderr
}

/** By its arguments: others come and go before it. */
const runs = (pid: string, program: string): boolean => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0')[0] === program
  } catch {
    return false
  }
}
const childThatRuns = (pid: number, program: string): Promise<number> =>
  eventually(
    program,
    () => {
      const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ')
      return Number(children.find((child) => runs(child, program)))
    },
    LONGEST_MS,
  )

const enrolling = (): string => `${ROOT}/${readdirSync(ROOT).find((name) => /^v\d+$/.test(name))}/programs/agent_enroll`
const attack = (target: number, pin: string): Attacker =>
  startAttacker({ enter: enter(), program: image.node, sealed: target, pin, needle: SECRET })

/** On the image's program with the value in its environment, before there is an agent. */
async function attackUnprotected(): Promise<Found> {
  const idle = image.runtime(space.init, `${image.node} -e 'setTimeout(() => {}, 600_000)'`)
  const child = spawn(idle, { env: { PATH: process.env.PATH, SOURCE: SECRET }, stdio: 'ignore' })
  const pid = await childThatRuns(child.pid as number, image.node)
  const attacking = attack(pid, '/none')
  await sleep(5_000)
  const found = await attacking.stop()
  process.kill(pid, 'SIGKILL')
  return found
}

before(async () => {
  image = agentImage()
  space = await pidNamespace()
  unprotected = await attackUnprotected()
  makeGroup()
  const begun = Date.now()
  const first = await start()
  await first.standing()
  longest = 1.2 * (Date.now() - begun)
  const [command = '', ...args] = [...enter(), '/usr/bin/busybox', 'sleep', '86400']
  sealed = spawn(command, args, { env: placeholder('PASSWORD'), stdio: 'ignore' })
  const server = await childThatRuns(sealed.pid as number, '/usr/bin/busybox')
  attacker = attack(server, enrolling())
  await first.end()
})

after(async () => {
  attacker?.kill()
  sealed?.kill('SIGKILL')
  killGroup()
  await space.end()
  kernelseal(['unload', '--force'])
})

test('without an agent the Pod’s attacker reads both; outside of the Pod the attempt to enrol works', () => {
  assert.ok(unprotected.roots > 0 && unprotected.values > 0, JSON.stringify(unprotected))
  const get =
    'my $path = shift; my $attr = pack("p", $path) . pack("LL", 0, 0); exit(syscall(321, 7, $attr, length $attr) < 0)'
  assert.equal(spawnSync('/usr/bin/perl', ['-e', get, enrolling()]).status, 0)
})

test(`${LIVES} agents that end at random: nobody takes their place, nothing of them and of sealed programs is read`, async () => {
  const stood = Object.fromEntries(ENDS.map((end) => [end, 0]))
  for (let i = 0; i < LIVES; i++) {
    const end = ENDS[i % ENDS.length] as (typeof ENDS)[number]
    const before = outOfMemory()
    const life = await liveUntil(end, longest, start)
    stood[end] = (stood[end] ?? 0) + Number(life.stands())
    if (end !== 'out of memory') assert.equal(outOfMemory(), before, `${end}: none needs more memory than it has`)
    if (i % 10 === 9) await deliversAgain()
  }
  await deliversAgain()
  const { tries, refused, ...found } = await attacker.stop()
  console.log(`stood: ${JSON.stringify(stood)}; attacker: ${tries} tries, ${refused} refused, ${JSON.stringify(found)}`)
  assert.ok(refused > LIVES, 'the attacker met agents and the sealed program')
  assert.deepEqual([tries - refused, found], [0, { roots: 0, values: 0, enrolled: 0 }])
})

/** The next agent has the rights of those before. */
async function deliversAgain(): Promise<void> {
  const life = await start()
  await life.standing()
  assert.equal(printed(), SECRET)
  await life.end()
}
