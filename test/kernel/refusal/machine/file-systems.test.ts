/** File systems of the machine as a whole, from inside a scope: made read-only, frozen, mounted with other options. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, truncateSync, writeFileSync } from 'node:fs'
import { afterEach, before, test } from 'node:test'
import { keepProgramsLoaded, unloadLeft } from '../../../support/agent/kept-programs.ts'
import { type Agent, eventually, printerConfig, startAgent } from '../../../support/agent-under-test.ts'
import { type PidNamespace, pidNamespace } from '../../../support/pid-namespace.ts'

keepProgramsLoaded()

const CALL = `/usr/bin/python3 ${new URL('file-system.py', import.meta.url).pathname}`
const GROUPS = '/sys/fs/cgroup'
const [DISK, BPF, PLACE] = ['disk', 'bpf', 'place'].map((name) => mkdtempSync(`/mnt/kernelseal-${name}-`))
const both = (place: string | undefined, word: string) => [
  `mount -o remount,${word} ${place}`,
  `${CALL} reconfigure ${place} ${word}`,
]
const ATTACKS = [
  ...both(BPF, 'ro'),
  ...both(BPF, 'rw'),
  ...both(DISK, 'ro'),
  ...both(DISK, 'rw'),
  ...both(GROUPS, 'rw'),
  `${CALL} freeze ${DISK}`,
  `mount -t cgroup2 none ${PLACE}`,
  `${CALL} new cgroup2 ${PLACE}`,
]
const HARMLESS = [
  ...['tmpfs', 'proc'].map((kind) => `mount -t ${kind} none ${PLACE} && mount -o remount,ro ${PLACE}`),
  `mount --bind ${DISK} ${PLACE} && mount -o remount,bind,ro ${PLACE}`,
  `${CALL} new tmpfs ${PLACE} && ${CALL} reconfigure ${PLACE} ro`,
]

before(() => {
  const image = `${mkdtempSync('/tmp/kernelseal-disk-')}/image`
  writeFileSync(image, '')
  truncateSync(image, 16 << 20)
  for (const module of ['loop', 'ext4']) spawnSync('modprobe', [module])
  execFileSync('mkfs.ext4', ['-q', image])
  execFileSync('mount', ['-o', 'loop', image, `${DISK}`])
  execFileSync('mount', ['-t', 'bpf', 'none', `${BPF}`])
  mkdirSync(`${GROUPS}/pod`, { recursive: true })
})

let space: PidNamespace
let agent: Agent | undefined

afterEach(async () => {
  await agent?.stop()
  agent = undefined
  await space.end()
  await unloadLeft()
})

const shell = (script: string) => ['/bin/sh', '-c', script]
const inside = (script: string) => space.run(shell(script), { PATH: '/usr/sbin:/usr/bin' })
const start = (policy: string): Promise<Agent> =>
  startAgent({ config: printerConfig(policy), env: { SOURCE: 'file-systems-2c' }, args: space.args })

/** From a control group of its own, as a runtime starts a container. */
const inGroup = (script: string) => {
  const procs = `${GROUPS}/pod/cgroup.procs`
  const command = ['echo $$ >"$0" && exec "$@"', procs, ...space.enter, 'unshare', '--cgroup', ...shell(script)]
  return spawnSync('/bin/sh', ['-c', ...command], { encoding: 'latin1' })
}

function works(script: string): void {
  const { status, stderr } = inside(script)
  assert.equal(status, 0, `${script}: ${stderr}`)
}

test('a scope changes no file system of the machine as a whole, old call or new', async () => {
  space = await pidNamespace()
  for (const attack of ATTACKS) works(attack)
  agent = await start('mode: enforce')
  for (const attack of ATTACKS) assert.match(inside(attack).stderr, /permi(tted|ssion)/i, attack)
  for (const way of ['kernel-file', 'cgroup'])
    await eventually(way, () => agent?.events().some((e) => e.way === way && e.action === 'blocked'))
  for (const harmless of HARMLESS) works(harmless)
  assert.equal(inGroup(`mount -t cgroup2 none ${PLACE}`).stderr, '', 'in a cgroup namespace of its own')
  for (const attack of ATTACKS)
    assert.equal(spawnSync('unshare', ['--mount', ...shell(attack)]).status, 0, `in no scope: ${attack}`)
})

test('a policy leaves disks and control groups to a scope, and bpf file systems never', async () => {
  space = await pidNamespace()
  agent = await start('mode: enforce, kernelControl: [block-devices, cgroups]')
  for (const attack of ATTACKS)
    if (attack.includes(`${BPF}`)) assert.notEqual(inside(attack).status, 0, attack)
    else works(attack)
})
