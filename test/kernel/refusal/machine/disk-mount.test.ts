/** The machine's disks by their file systems: mount(2) has the kernel open the device itself, and no open is seen. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, truncateSync, writeFileSync } from 'node:fs'
import { afterEach, before, test } from 'node:test'
import { type Agent, eventually, kernelseal, printerConfig, startAgent } from '../../../support/agent-under-test.ts'
import { type PidNamespace, pidNamespace } from '../../../support/pid-namespace.ts'

const CALL = `/usr/bin/python3 ${new URL('file-system.py', import.meta.url).pathname}`
const PLACE = mkdtempSync('/mnt/kernelseal-disk-')
/** Each in a mount namespace of its own, and writes what root of the machine would run. */
const WRITE = `mkdir -p ${PLACE}/etc/cron.d && echo x >${PLACE}/etc/cron.d/x && echo written`
let ways: readonly string[]

before(() => {
  const image = `${mkdtempSync('/tmp/kernelseal-disk-')}/image`
  writeFileSync(image, '')
  truncateSync(image, 16 << 20)
  for (const module of ['loop', 'ext4']) spawnSync('modprobe', [module])
  execFileSync('mkfs.ext4', ['-q', image])
  const disk = execFileSync('losetup', ['--find', '--show', image], { encoding: 'latin1' }).trim()
  ways = [`mount -t ext4 ${disk} ${PLACE}`, `${CALL} new ext4 ${PLACE} ${disk}`]
})

let space: PidNamespace
let agent: Agent | undefined

afterEach(async () => {
  await agent?.stop()
  agent = undefined
  await space.end()
  kernelseal(['unload', '--force'])
})

/** What each way of mounting comes to, and why it does not. */
const tried = () =>
  ways.map((way) => {
    const { stdout, stderr } = space.run(['/bin/sh', '-c', `${way} && ${WRITE}`], { PATH: '/usr/sbin:/usr/bin' })
    return stdout.trim() || stderr
  })
const start = (policy: string): Promise<Agent> =>
  startAgent({ config: printerConfig(policy), env: { SOURCE: 'disk-mount-4e' }, args: space.args })

test('a scope mounts no file system of a disk, old call or new', async () => {
  space = await pidNamespace()
  assert.deepEqual(tried(), ['written', 'written'], 'without protection the attempts work')
  agent = await start('mode: enforce')
  for (const why of tried()) assert.match(why, /permi(tted|ssion)/i)
  await eventually('the event', () => agent?.events().some((e) => e.way === 'kernel-file' && e.action === 'blocked'))
  const own = [`mount --bind ${PLACE} /mnt`, 'mount -t tmpfs none /mnt', 'mount -t proc none /mnt'].join(' && ')
  assert.equal(space.run(['/bin/sh', '-c', own], { PATH: '/usr/bin' }).status, 0, 'what lies on no disk is mounted')
})

test('a policy that leaves disks to the scope leaves it their file systems', async () => {
  space = await pidNamespace()
  agent = await start('mode: enforce, kernelControl: [block-devices]')
  assert.deepEqual(tried(), ['written', 'written'])
})
