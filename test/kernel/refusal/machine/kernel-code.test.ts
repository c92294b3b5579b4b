/** Code, rights, priorities and pins: acts of root with every capability in a scope on the machine, refused with protection. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { type Agent, eventually, kernelseal, printerConfig, startAgent } from '../../../support/agent-under-test.ts'
import { outside, type Run } from '../../../support/openings.ts'
import { type PidNamespace, pidNamespace } from '../../../support/pid-namespace.ts'

const DISK = '/tmp/kernel-code-disk'
const PINS = '/sys/fs/bpf/kernelseal/v2'

const start = (space: PidNamespace, policy: string): Promise<Agent> =>
  startAgent({ config: printerConfig(policy), env: { SOURCE: 'kernel-code-71' }, args: space.args })

const shell = (run: Run, command: string): string => {
  const { status, stderr } = run(['/bin/bash', '--norc', '-c', command], { PATH: '/usr/sbin:/usr/bin' })
  return status === 0
    ? 'done'
    : /not permitted|denied|must be superuser/i.test(stderr)
      ? 'refused'
      : `failed: ${stderr}`
}

/** A system call by its number on x86-64; -1 prints the error. */
const call = (...args: readonly string[]): string =>
  `python3 -c 'import ctypes, os
c = ctypes.CDLL(None, use_errno=True)
b = ctypes.create_string_buffer
if c.syscall(${args.join(', ')}) < 0: raise SystemExit(os.strerror(ctypes.get_errno()))'`

const BY_HANDLE = `python3 -c 'import ctypes, os
c = ctypes.CDLL(None, use_errno=True)
handle = ctypes.create_string_buffer((128).to_bytes(4, "little"), 136)
at = os.open("/tmp", os.O_RDONLY)
if c.syscall(303, at, b".", handle, ctypes.byref(ctypes.c_int()), 0) < 0: raise SystemExit("no handle: " + os.strerror(ctypes.get_errno()))
if c.syscall(304, at, handle, os.O_RDONLY) < 0: raise SystemExit(os.strerror(ctypes.get_errno()))'`

/** SIOCGIFINDEX; the answer is that there is no such interface, always. */
const BY_INTERFACE = `python3 -c 'import fcntl, socket
try: fcntl.ioctl(socket.socket(), 0x8933, b"dummy".ljust(40, bytes(1)))
except OSError: pass'`

interface Deed {
  readonly name: string
  readonly command: string
  /** Takes it back where it was done. */
  readonly undo?: string
}

const DEEDS: readonly Deed[] = [
  { name: 'load a module', command: 'modprobe dummy', undo: 'rmmod dummy' },
  {
    name: 'load a module by the name of a network interface',
    command: `${BY_INTERFACE}; test -e /sys/module/dummy || { echo not permitted >&2; false; }`,
    undo: 'rmmod dummy',
  },
  { name: 'unload a kexec image by kexec_load', command: call('246', '0', '0', 'None', '0') },
  { name: 'swap on a disk of its own', command: `swapon ${DISK}`, undo: `swapoff ${DISK}` },
  { name: 'take the ports by iopl', command: call('172', '3') },
  { name: 'take the ports by ioperm', command: call('173', '0', '8', '1') },
  { name: 'write down every process by acct', command: call('163', 'b"/tmp/acct"'), undo: call('163', 'None') },
  { name: 'open a file by its handle', command: BY_HANDLE },
]

let space: PidNamespace
let agent: Agent

before(() => {
  const made = shell(
    outside,
    `touch /tmp/acct; modprobe loop; dd if=/dev/zero of=/tmp/swap bs=1M count=16 status=none && mkswap -q /tmp/swap &&
     losetup -f --show /tmp/swap >/tmp/loop && ln -sf "$(cat /tmp/loop)" ${DISK}`,
  )
  assert.equal(made, 'done')
})

describe('in a scope that enforces', () => {
  before(async () => {
    for (const { name, command, undo } of DEEDS) {
      assert.equal(shell(outside, command), 'done', `without protection: ${name}`)
      if (undo) assert.equal(shell(outside, undo), 'done', undo)
    }
    space = await pidNamespace()
    agent = await start(space, 'mode: enforce, kernelControl: [block-devices]')
  })
  after(async () => {
    await agent.stop()
    await space.end()
    kernelseal(['unload', '--force'])
  })

  for (const { name, command, undo } of DEEDS)
    test(`nothing can ${name}`, () => {
      const done = shell(space.run, command)
      if (done === 'done' && undo) shell(outside, undo)
      assert.equal(done, 'refused')
    })

  test('an event tells of each', async () => {
    for (const way of ['kernel-code', 'capability'])
      await eventually(way, () => agent.events().some((event) => event.way === way))
  })

  test('nothing can unload a module, and what the kernel loads for a new interface is loaded', () => {
    assert.equal(shell(outside, 'modprobe nlmon'), 'done')
    assert.equal(shell(space.run, 'rmmod nlmon'), 'refused')
    assert.equal(shell(outside, 'rmmod nlmon'), 'done')
    assert.equal(shell(space.run, 'ip link add kernelseal0 type dummy && ip link del kernelseal0'), 'done')
    assert.equal(shell(outside, 'rmmod dummy'), 'done')
  })

  const link = () =>
    `${PINS}/links/${['guard_open_lsm', 'guard_open_mod'].find((n) => existsSync(`${PINS}/links/${n}`))}`
  const PIN_DEEDS: readonly (readonly [string, () => string])[] = [
    ['covers a pin by a rename', () => `cd /sys/fs/bpf && ln -sfn x mine && mv -T mine ${link()}`],
    [
      'exchanges a pin',
      () => `cd /sys/fs/bpf && ln -sfn x mine && ${call('316', '-100', 'b"mine"', '-100', `b"${link()}"`, '2')}`,
    ],
    ['links into the folder', () => `cd /sys/fs/bpf && ln -s x ${PINS}/links/new`],
    ['links a pin to elsewhere', () => `ln ${link()} /sys/fs/bpf/elsewhere`],
    ['makes a folder', () => `mkdir ${PINS}/links/folder`],
    ['mounts something over it', () => 'mount -t tmpfs none /sys/fs/bpf'],
    ['unmounts it', () => 'umount -l /sys/fs/bpf'],
  ]
  for (const [name, command] of PIN_DEEDS)
    test(`nothing ${name}`, () => {
      assert.equal(shell(space.run, command()), 'refused')
      assert.ok(existsSync(link()))
    })

  test('what mounts elsewhere goes on mounting', () => {
    const own = 'mkdir -p /tmp/own /tmp/bind && mount -t bpf none /tmp/own && mount --bind /sys/fs/bpf /tmp/bind'
    assert.equal(shell(outside, own), 'done')
    const inside = 'mkdir -p /tmp/inside && mount -t tmpfs none /tmp/inside && umount /tmp/inside && umount /tmp/own'
    assert.equal(shell(space.run, inside), 'done')
    assert.equal(shell(space.run, 'mount --make-private /tmp/bind && mount -o remount,bind,ro /tmp/bind'), 'done')
    assert.equal(shell(outside, 'umount /tmp/bind'), 'done')
  })
})

test('the agent keeps its share of a machine that is its scope', async () => {
  const machine = await startAgent({ config: printerConfig('mode: enforce'), env: { SOURCE: 'kernel-code-72' } })
  for (const command of [
    'chrt -i -p 0',
    'renice -n 19 -p',
    'ionice -c 3 -p',
    'taskset -p 1',
    'prlimit --cpu=9 --pid',
  ]) {
    const other = `sleep 60 & pid=$!; ${command} $pid; s=$?; kill $pid; exit $s`
    assert.equal(shell(outside, other), 'done', `on another: ${command}`)
    assert.equal(shell(outside, `${command} ${machine.pid}`), 'refused', command)
  }
  await eventually('the event', () => machine.events().some(({ way }) => way === 'schedule'))
  assert.equal(shell(outside, `cat /proc/${machine.pid}/stat >/dev/null`), 'done')
  await machine.stop()
  kernelseal(['unload', '--force'])
})
