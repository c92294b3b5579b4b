/** Character devices inside a scope: a closed list opens, the others take a kind of the policy’s `kernelControl`. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { afterEach, before, test } from 'node:test'
import { keepProgramsLoaded, unloadLeft } from '../../../support/agent/kept-programs.ts'
import { type Agent, eventually, printerConfig, startAgent } from '../../../support/agent-under-test.ts'
import { opens, outside, verdict } from '../../../support/openings.ts'
import { type PidNamespace, pidNamespace } from '../../../support/pid-namespace.ts'

keepProgramsLoaded()

const PLACE = '/tmp/devices'
/** Names and numbers of nodes that root of a privileged container makes. */
const OTHERS = {
  uinput: '10 223',
  input: '13 64',
  tty0: '4 0',
  serial: '4 64',
  console: '5 1',
  screen: '7 0',
  microcode: '10 184',
  hpet: '10 228',
  vga_arbiter: '10 63',
}
const DISKS = { mapper: '10 236', 'loop-control': '10 237', btrfs: '10 234' }
/** A container that is not privileged has these and its own terminals, by its device cgroup. */
const HARMLESS = {
  null: '1 3',
  zero: '1 5',
  full: '1 7',
  random: '1 8',
  urandom: '1 9',
  ptmx: '5 2',
  tun: '10 200',
  fuse: '10 229',
}

const at = (names: object): string[] => Object.keys(names).map((name) => `${PLACE}/${name}`)
/** Those that this kernel has a driver for. */
const thatOpen = (names: object) => at(names).filter((path) => opens(outside, [path])[0] === `ok ${path}`)

let others: string[]
let disks: string[]
let harmless: string[]
let space: PidNamespace
let agent: Agent | undefined

before(() => {
  const nodes = Object.entries({ ...OTHERS, ...DISKS, ...HARMLESS })
  const made = nodes.map(([name, numbers]) => `mknod -m 666 ${PLACE}/${name} c ${numbers}`)
  const modules = 'for m in uinput evdev dm_mod loop btrfs tun fuse; do modprobe $m; done; mkdir -p '
  spawnSync('/bin/sh', ['-c', [modules + PLACE, ...made].join('; ')])
  others = thatOpen(OTHERS)
  disks = thatOpen(DISKS)
  harmless = thatOpen(HARMLESS)
  assert.ok(others.includes(`${PLACE}/uinput`) && others.length >= 4, `without protection these open: ${others}`)
  assert.ok(disks.includes(`${PLACE}/mapper`), `without protection these open: ${disks}`)
  assert.ok(harmless.length >= 6, `without protection these open: ${harmless}`)
})
afterEach(async () => {
  await agent?.stop()
  agent = undefined
  await space.end()
  await unloadLeft()
})

const start = async (policy: string): Promise<void> => {
  space = await pidNamespace()
  agent = await startAgent({ config: printerConfig(policy), env: { SOURCE: 'devices-5a' }, args: space.args })
}
const VOLUME = 'kernelseal-devices'
const mapped = (run: PidNamespace['run']): boolean => {
  const made = run(['/usr/sbin/dmsetup', 'create', VOLUME, '--noudevsync', '--table', '0 8 zero'], {
    PATH: '/usr/sbin',
  })
  outside(['/usr/sbin/dmsetup', 'remove', '--noudevsync', VOLUME])
  return made.status === 0
}

test('devices that are on no list do not open in a scope, and those of an ordinary container do', async () => {
  assert.ok(mapped(outside), 'without protection a volume is made')
  await start('mode: enforce')
  assert.deepEqual(opens(space.run, [...others, ...disks]), verdict('no', [...others, ...disks]))
  assert.deepEqual(opens(space.run, harmless), verdict('ok', harmless))
  assert.equal(mapped(space.run), false)
  assert.deepEqual(opens(outside, others), verdict('ok', others), 'a stranger has them as before')
  const terminal = ['/usr/bin/script', '-qec', 'echo of </dev/tty && tty', '/dev/null']
  assert.match(space.run(terminal, { PATH: '/usr/bin' }).stdout, /\/dev\/pts\/\d/, 'it has terminals')
  await eventually('the event', () => agent?.events().some((e) => e.way === 'kernel-file' && e.action === 'blocked'))
})

test('a policy leaves devices to the scope, and disks by a name of their own', async () => {
  await start('mode: enforce, kernelControl: [devices]')
  assert.deepEqual(opens(space.run, others), verdict('ok', others))
  assert.deepEqual(opens(space.run, disks), verdict('no', disks))
  await agent?.stop()
  await space.end()
  await start('mode: enforce, kernelControl: [block-devices]')
  assert.deepEqual(opens(space.run, others), verdict('no', others))
  assert.deepEqual(opens(space.run, disks), verdict('ok', disks))
})
