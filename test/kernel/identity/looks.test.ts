/** Looks at an application's process that holds no value leave it its lineage; access that may write ends it, and is told. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { admitted } from '../../support/admitted.ts'
import { type Agent, eventually, startAgent } from '../../support/agent-under-test.ts'
import { type Container, endContainers, startContainer } from '../../support/containers.ts'
import { type PidNamespace, pidNamespace } from '../../support/pid-namespace.ts'

const SECRET = 'looked-at-and-left-3e'
const BINDINGS = `
- name: printer
  selector: { binary: /usr/bin/printenv, container: app }
  secretRefs: [{ name: TOKEN, source: { envRef: SOURCE } }]
`
/** process_vm_readv(2) or process_vm_writev(2) of four bytes of its stack, which it writes back as they are. */
const VM = `
import ctypes, sys
libc = ctypes.CDLL(None, use_errno=True)
class Part(ctypes.Structure): _fields_ = [('base', ctypes.c_void_p), ('length', ctypes.c_size_t)]
pid, data = int(sys.argv[1]), ctypes.create_string_buffer(4)
stack = [line for line in open(f'/proc/{pid}/maps') if '[stack]' in line][0]
here, there = Part(ctypes.addressof(data), 4), Part(int(stack.split()[0].split('-')[1], 16) - 64, 4)
for call in ('readv', 'writev')[:int(sys.argv[2])]:
    print(call, getattr(libc, 'process_vm_' + call)(pid, ctypes.byref(here), 1, ctypes.byref(there), 1, 0))
`
const SCRIPT = '/tmp/kernelseal-vm.py'
let namespace: PidNamespace
let agent: Agent

before(async () => {
  writeFileSync(SCRIPT, VM)
  namespace = await pidNamespace()
  agent = await startAgent({ annotations: admitted(BINDINGS), env: { SOURCE: SECRET }, args: namespace.args })
})
after(async () => {
  endContainers()
  await agent.stop()
  await namespace.end()
})

/** Has a command run beside a container. @param into of nsenter(1); none: outside of the Pod */
async function run(app: Container, into: readonly string[], line: (pid: string) => string): Promise<string> {
  const outer = String(await app.pid())
  const inner = /^NSpid:.*\s(\d+)$/m.exec(spawnSync('cat', [`/proc/${outer}/status`], { encoding: 'utf8' }).stdout)![1]!
  const own = into.includes('--pid') ? `mount -t proc proc /proc && ${line(inner)}` : line(outer)
  const words = into.length > 0 ? [...into, 'unshare', '--mount', 'sh', '-c', own] : ['sh', '-c', own]
  const [command, ...rest] = into.length > 0 ? ['nsenter', '--target', outer, ...words] : words
  const { stdout, stderr, status } = spawnSync(command!, rest, {
    encoding: 'latin1',
    env: { PATH: '/usr/bin:/usr/sbin' },
  })
  assert.equal(status, 0, stderr)
  return stdout
}

const ACTORS = { 'a visitor': ['--mount', '--pid'], 'another container': ['--pid'], 'the machine': [] }
const USER = 'setpriv --reuid 1000 --regid 1000 --clear-groups'
const FILES = 'personality syscall stack environ maps auxv smaps status wchan'

for (const [who, into] of Object.entries(ACTORS))
  test(`${who} that looks: what the process starts afterwards has its value`, async () => {
    const app = startContainer(namespace, agent.placeholders)
    await app.begun()
    await run(app, into, (pid) => `cd /proc/${pid} && cat ${FILES} > /dev/null && ls -lL fd map_files > /dev/null`)
    await run(
      app,
      into,
      (pid) =>
        `python3 -c "open('/proc/${pid}/mem','rb').close(); [open('/proc/${pid}/'+name,'w').close() for name in ('comm','clear_refs')]"`,
    )
    assert.equal(await run(app, into, (pid) => `python3 ${SCRIPT} ${pid} 1`), 'readv 4\n')
    assert.equal(await app.ask('printenv TOKEN'), SECRET)
    await app.end()
  })

const WRITES: Readonly<Record<string, (pid: string) => string>> = {
  process_vm_writev: (pid) => `python3 ${SCRIPT} ${pid} 2`,
  'an open of mem to write': (pid) => `python3 -c "open('/proc/${pid}/mem','r+b',0).close()"`,
  'an open to write of an entry that is not known': (pid) => `python3 -c "open('/proc/${pid}/attr/exec','w').close()"`,
}
for (const [what, line] of Object.entries(WRITES))
  for (const [who, into] of Object.entries(ACTORS))
    test(`${what} by ${who} ends the lineage, and is told`, async () => {
      const app = startContainer(namespace, agent.placeholders)
      await app.begun()
      const told = agent.events().length
      await run(app, into, line)
      assert.equal(await app.ask('printenv TOKEN'), agent.placeholders.TOKEN)
      const events = () => agent.events().slice(told)
      await eventually('the event', () => events().some((event) => event.way === 'memory-write'))
      await app.end()
    })

test('each end of a lineage was counted', async () => {
  assert.equal(await agent.metric('kernelseal_lineages_lost_total'), 9)
})

test('a user of another container that looks by process_vm_readv at one of its own number changes nothing', async () => {
  const app = startContainer(namespace, agent.placeholders)
  await app.begun()
  await app.ask(`exec ${USER} bash -c 'echo over; while read -r line; do eval "$line"; done'`)
  assert.equal(await run(app, ['--pid'], (pid) => `${USER} python3 ${SCRIPT} ${pid} 1`), 'readv 4\n')
  assert.equal(await app.ask('printenv TOKEN'), SECRET)
  await app.end()
})
