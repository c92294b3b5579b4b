/** Files that change the kernel: those a scope may open for writing, those it may not, and those a policy leaves to it. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { afterEach, before, test } from 'node:test'
import { keepProgramsLoaded, unloadLeft } from '../../../support/agent/kept-programs.ts'
import { type Agent, eventually, printerConfig, startAgent } from '../../../support/agent-under-test.ts'
import { opens, outside, verdict } from '../../../support/openings.ts'
import { type PidNamespace, pidNamespace } from '../../../support/pid-namespace.ts'

keepProgramsLoaded()

const start = (space: PidNamespace, policy: string): Promise<Agent> =>
  startAgent({ config: printerConfig(policy), env: { SOURCE: 'kernel-control-0b' }, args: space.args })

const DISK = '/tmp/kernel-control-disk'
const SNAPSHOT = '/tmp/kernel-control-snapshot'
const BINFMT = '/tmp/kernel-control-binfmt'

/** Nothing is written: an open decides. */
const REFUSED = [
  '/proc/sys/kernel/ftrace_enabled',
  '/proc/sys/kernel/core_pattern',
  '/proc/sys/kernel/modprobe',
  '/proc/sys/kernel/poweroff_cmd',
  '/proc/sys/kernel/hotplug',
  '/proc/sys/kernel/kptr_restrict',
  '/proc/sys/vm/drop_caches',
  '/proc/sys/fs/suid_dumpable',
  '/proc/sys/net/core/bpf_jit_harden',
  '/proc/sys/user/max_net_namespaces',
  '/proc/sysrq-trigger',
  '/proc/irq/default_smp_affinity',
  '/sys/kernel/uevent_helper',
  '/sys/kernel/uevent_seqnum',
  '/sys/power/state',
  '/sys/power/pm_test',
  '/sys/kernel/mm/transparent_hugepage/enabled',
  '/sys/kernel/debug/sched/debug',
  '/sys/kernel/debug/sleep_time',
  `${BINFMT}/register`,
  DISK,
  SNAPSHOT,
]
const HARMLESS = [
  '/proc/sys/kernel/hostname',
  '/proc/sys/kernel/domainname',
  '/proc/sys/kernel/shmmax',
  '/proc/sys/kernel/shm_rmid_forced',
  '/proc/sys/kernel/msgmni',
  '/proc/sys/kernel/sem',
  '/proc/sys/fs/mqueue/msg_max',
  '/proc/sys/net/ipv4/ip_forward',
  '/proc/sys/net/ipv4/conf/lo/forwarding',
  '/proc/sys/net/core/somaxconn',
  '/proc/pressure/memory',
  '/dev/null',
  '/dev/ptmx',
  '/proc/self/oom_score_adj',
]

/** The files that this kernel has and opens without protection: the others would be refused by their absence. */
let attacked: string[] = []
let harmless: string[] = []

before(() => {
  mkdirSync(BINFMT, { recursive: true })
  for (const command of [
    `mknod ${DISK} b 7 0 && modprobe loop`,
    `mknod ${SNAPSHOT} c 10 231`,
    `modprobe binfmt_misc; mount -t binfmt_misc binfmt_misc ${BINFMT}`,
  ])
    spawnSync('/bin/sh', ['-c', command])
  const opened = opens(outside, [...REFUSED, ...HARMLESS])
  attacked = REFUSED.filter((path) => opened.includes(`ok ${path}`))
  harmless = HARMLESS.filter((path) => opened.includes(`ok ${path}`))
  assert.ok(attacked.length >= 12, `without protection these open: ${attacked}`)
  assert.ok(harmless.length >= 10, `without protection these open: ${harmless}`)
})

let space: PidNamespace
let agent: Agent | undefined

afterEach(async () => {
  await agent?.stop()
  agent = undefined
  await space.end()
  await unloadLeft()
})

test('a scope opens none of the machine’s files for writing, and all of its own namespaces’', async () => {
  space = await pidNamespace()
  agent = await start(space, 'mode: enforce')
  assert.deepEqual(opens(space.run, attacked), verdict('no', attacked))
  assert.deepEqual(opens(space.run, harmless), verdict('ok', harmless))
  assert.deepEqual(opens(outside, attacked), verdict('ok', attacked), 'outside of scopes all is as before')
  await eventually('the event', () => agent?.events().some((e) => e.way === 'kernel-file'))
  const ofItsOwn: PidNamespace['run'] = (command) => space.run(['unshare', '--user', '--map-root-user', ...command])
  const limits = ['/proc/sys/user/max_net_namespaces']
  assert.deepEqual(opens(ofItsOwn, limits), verdict('ok', limits), 'of a user namespace of its own')
  const reading = space.run(['/bin/cat', '/proc/sys/kernel/ftrace_enabled', '/sys/kernel/uevent_seqnum'])
  assert.equal(reading.status, 0, 'reading is nobody’s harm')
})

test('a policy leaves what it names to the scope, and nothing else', async () => {
  space = await pidNamespace()
  agent = await start(space, 'mode: enforce, kernelControl: [sysctl-vm, block-devices, sysfs]')
  const left = attacked.filter(
    (path) =>
      path === DISK || /^.proc.sys.vm/.test(path) || (path.startsWith('/sys/kernel/') && !/debug|uevent_h/.test(path)),
  )
  assert.ok(left.length >= 2)
  const others = attacked.filter((path) => !left.includes(path))
  assert.deepEqual(opens(space.run, left), verdict('ok', left))
  assert.deepEqual(opens(space.run, others), verdict('no', others))
})

test('in audit mode all of it opens, and is reported', async () => {
  space = await pidNamespace()
  agent = await start(space, 'mode: audit')
  assert.deepEqual(opens(space.run, attacked), verdict('ok', attacked))
  const audited = () => agent?.events().some((e) => e.way === 'kernel-file' && e.action === 'audited')
  await eventually('the event', audited)
})
