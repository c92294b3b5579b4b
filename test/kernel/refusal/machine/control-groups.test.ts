/** Control groups that root of a Pod may write: those of its cgroup namespace, and never one that an agent is in. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { afterEach, before, test } from 'node:test'
import { keepProgramsLoaded, unloadLeft } from '../../../support/agent/kept-programs.ts'
import { type Agent, eventually, printerConfig, startAgent } from '../../../support/agent-under-test.ts'
import { compiled } from '../../../support/compile.ts'
import { opens, outside, type Run, verdict } from '../../../support/openings.ts'
import { type PidNamespace, pidNamespace } from '../../../support/pid-namespace.ts'

keepProgramsLoaded()

const GROUPS = '/sys/fs/cgroup'
const procs = (group: string): string => `${GROUPS}/${group}/cgroup.procs`
const OWN = ['pod', 'pod/below'].map(procs)
const OTHERS = ['', 'other', 'agent'].map(procs)

/** In a container of the Pod whose group is `pod`, in the machine's cgroup namespace as a privileged one, or in its own. */
const asPod: Run = (command) =>
  outside(['/bin/sh', '-c', 'echo $$ >"$0" && exec nsenter "$@"', procs('pod'), ...space.enter, ...command])
const ofItsOwn: Run = (command) => asPod(['unshare', '--cgroup', ...command])
/** The last mount decides it for the whole hierarchy. */
const delegate = () => assert.equal(outside(['/usr/bin/mount', '-o', 'remount,nsdelegate', GROUPS]).status, 0)
const undelegate = () => assert.equal(outside(['/bin/sh', '-c', 'mount -t cgroup2 none /mnt && umount /mnt']).status, 0)
/** The first process of the Pod, which is in the machine's root group, as an agent is in a group of its own. */
const isMoved = (): boolean => {
  ofItsOwn(['/bin/sh', '-c', `echo 1 >${procs('pod/below')}`])
  const moved = readFileSync(`/proc/${space.init}/cgroup`, 'latin1').includes('0::/pod/below')
  writeFileSync(procs(''), String(space.init))
  return moved
}

let entrant: string
let space: PidNamespace
let agent: Agent | undefined

before(() => {
  for (const group of ['pod', 'pod/below', 'other', 'agent']) mkdirSync(`${GROUPS}/${group}`, { recursive: true })
  entrant = compiled(new URL('group-entrant.c', import.meta.url).pathname)
  delegate()
})
afterEach(async () => {
  await agent?.stop()
  agent = undefined
  await space.end()
  await unloadLeft()
})

/** A child that begins in a group by clone3(2), and opens a file of another there. */
const entered = (run: Run, group: string, file: string): string => {
  const { stdout, stderr } = run([entrant, `${GROUPS}/${group}`, file])
  return stdout.trim() || stderr
}
async function start(policy: string): Promise<void> {
  agent = await startAgent({ config: printerConfig(policy), env: { SOURCE: 'control-groups-0b' }, args: space.args })
  writeFileSync(procs('agent'), String(agent.pid))
}

test('in the machine’s cgroup namespace none is written, wherever a child begins', async () => {
  space = await pidNamespace()
  assert.deepEqual(opens(asPod, [...OWN, ...OTHERS]), verdict('ok', [...OWN, ...OTHERS]), 'without protection')
  assert.equal(entered(asPod, '', procs('other')), 'entered, opened')
  await start('mode: enforce')
  assert.deepEqual(opens(asPod, [...OWN, ...OTHERS]), verdict('no', [...OWN, ...OTHERS]))
  assert.equal(entered(asPod, '', procs('other')), 'clone3: Operation not permitted')
  assert.equal(entered(outside, '', procs('other')), 'entered, opened', 'a stranger does as before')
  const freeze = [`${GROUPS}/agent/cgroup.freeze`, `${GROUPS}/agent/memory.max`].filter(existsSync)
  assert.deepEqual(opens(outside, freeze), verdict('ok', freeze))
  assert.deepEqual(opens(space.run, freeze), verdict('no', freeze), 'also from a group above')
  await eventually('the event', () => agent?.events().some((e) => e.way === 'cgroup'))
})

test('in a cgroup namespace of its own: its root and those below, and no process of elsewhere is moved there', async () => {
  space = await pidNamespace()
  undelegate()
  assert.ok(isMoved(), 'without protection')
  await start('mode: enforce')
  assert.equal(isMoved(), false, 'where groups are not delegated no process is moved')
  assert.deepEqual(opens(ofItsOwn, [`${GROUPS}/pod/below/cgroup.freeze`]), [`ok ${GROUPS}/pod/below/cgroup.freeze`])
  assert.match(entered(ofItsOwn, 'pod/below', procs('pod')), /^clone3: /)
  delegate()
  assert.equal(isMoved(), false)
  assert.deepEqual(opens(ofItsOwn, OWN), verdict('ok', OWN))
  assert.deepEqual(opens(ofItsOwn, OTHERS), verdict('no', OTHERS))
  assert.equal(entered(ofItsOwn, 'pod/below', procs('pod')), 'entered, opened')
  assert.match(entered(ofItsOwn, 'other', procs('pod')), /^clone3: /)
})

test('a policy leaves all groups to the scope but the agent’s', async () => {
  space = await pidNamespace()
  await start('mode: enforce, kernelControl: [cgroups]')
  assert.deepEqual(opens(asPod, [...OWN, procs('other')]), verdict('ok', [...OWN, procs('other')]))
  assert.deepEqual(opens(asPod, [procs('agent')]), verdict('no', [procs('agent')]))
  assert.equal(entered(asPod, 'other', procs('pod')), 'entered, opened')
})
