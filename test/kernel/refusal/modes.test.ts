/** The three modes and the self-read switch: refused and reported accesses, and those that must keep working. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { constants, openSync, readFileSync, readlinkSync } from 'node:fs'
import { test } from 'node:test'
import { keepProgramsLoaded } from '../../support/agent/kept-programs.ts'
import { type Agent, environOf, eventually, startAgent } from '../../support/agent-under-test.ts'
import { config, PYTHON, SECRET, withSleeper } from '../../support/sleeper.ts'

keepProgramsLoaded()

const LINKS = ['exe', 'cwd', 'root', 'ns/pid', 'ns/mnt', 'ns/net']

interface Access {
  readonly tag: string
  readonly msg: string
  readonly way: string
  readonly actor: { readonly pid: number }
  readonly target: { readonly pid: number }
}

/** The first access event with this tag. */
const access = (agent: Agent, tag: string): Promise<Access> =>
  eventually(`an event [${tag}]`, () => (agent.events() as unknown as Access[]).find((e) => e.tag === tag))

test('mode disabled delivers, and root reads everything: the attack works', () =>
  withSleeper('disabled', async (agent, pid) => {
    assert.ok(environOf(pid).includes(SECRET))
    assert.equal(await agent.metric('kernelseal_access_audit_total'), 0)
  }))

test('mode audit allows and reports with both sides of the attempt', () =>
  withSleeper('audit', async (agent, pid) => {
    assert.ok(environOf(pid).includes(SECRET))
    const event = await access(agent, 'LSM AUDIT')
    assert.equal(event.actor.pid, process.pid)
    assert.equal(event.target.pid, pid)
    assert.equal(event.way, 'environ')
    assert.ok((await agent.metric('kernelseal_access_audit_total')) >= 1)
    assert.equal(await agent.metric('kernelseal_access_blocked_total'), 0)
  }))

test('mode enforce refuses and reports, in the 1.x format', () =>
  withSleeper('enforce', async (agent, pid) => {
    assert.throws(() => environOf(pid), { code: 'EPERM' })
    const event = await access(agent, 'LSM BLOCKED')
    assert.match(event.msg, new RegExp(`^PID=${process.pid} attempted environ access to PID=${pid} \\(`))
    assert.ok((await agent.metric('kernelseal_access_blocked_total')) >= 1)
  }))

test('the files of a sealed process that ps, monitoring and kubectl exec need stay readable', () =>
  withSleeper('enforce', (_agent, pid) => {
    for (const name of ['stat', 'status', 'cmdline', 'comm', 'cgroup', 'maps', 'limits', 'io', 'mountinfo']) {
      assert.ok(readFileSync(`/proc/${pid}/${name}`, 'latin1').length >= 0, name)
    }
    for (const name of [...LINKS, 'fd/0', `task/${pid}/fd/1`]) assert.ok(readlinkSync(`/proc/${pid}/${name}`), name)
    const entered = spawnSync('nsenter', ['-t', String(pid), '-m', '-p', '-u', '-i', 'true'], { encoding: 'utf8' })
    assert.equal(entered.status, 0, entered.stderr)
  }))

test('a process reads its own environ and mem', async () => {
  const agent = await startAgent({ config: config('enforce'), env: { SOURCE: SECRET } })
  const script =
    "import os; print(open('/proc/self/environ').read().count(os.environ['OWN'])); open('/proc/self/mem','rb')"
  const done = spawnSync(PYTHON, ['-c', script], { env: agent.placeholders, encoding: 'utf8' })
  assert.equal(done.stdout, '1\n', done.stderr)
  await agent.stop()
})

test('with allowSelfRead: false not even the process itself reopens its environ', async () => {
  const agent = await startAgent({ config: config('enforce', ', allowSelfRead: false'), env: { SOURCE: SECRET } })
  const script = "import os; print(len(os.environ['OWN']), flush=True); open('/proc/self/environ')"
  const done = spawnSync(PYTHON, ['-c', script], { env: agent.placeholders, encoding: 'utf8' })
  assert.equal(done.stdout, `${SECRET.length}\n`)
  assert.match(done.stderr, /Operation not permitted: '\/proc\/self\/environ'/)
  await agent.stop()
})

test('blockMaps: true refuses maps, auxv and the fd directory, and leaves stat', async () => {
  const agent = await startAgent({ config: config('enforce', ', blockMaps: true'), env: { SOURCE: SECRET } })
  const child = spawn('/usr/bin/sleep', ['600'], { env: agent.placeholders })
  await eventually('delivery', () => agent.events().some((e) => e.tag === 'INJECT'))
  const names = 'maps smaps smaps_rollup numa_maps pagemap auxv stack syscall fd map_files'.split(' ')
  for (const name of names) {
    const open = () => openSync(`/proc/${child.pid}/${name}`, constants.O_RDONLY)
    assert.throws(open, { code: 'EPERM' }, name)
  }
  assert.ok(readFileSync(`/proc/${child.pid}/stat`, 'latin1'))
  for (const name of ['fd/0', `task/${child.pid}/fd/1`])
    assert.throws(() => readlinkSync(`/proc/${child.pid}/${name}`), { code: 'EPERM', syscall: 'readlink' }, name)
  for (const name of LINKS) assert.ok(readlinkSync(`/proc/${child.pid}/${name}`), name)
  child.kill('SIGKILL')
  await agent.stop()
})

test('blockMaps: true leaves the names of open files to the process itself, and those of others to all', async () => {
  const agent = await startAgent({ config: config('enforce', ', blockMaps: true'), env: { SOURCE: SECRET } })
  const script =
    "import os; print(os.environ['OWN'][:4], os.readlink('/proc/self/fd/1'), os.readlink('/proc/self/exe'))"
  const done = spawnSync(PYTHON, ['-c', script], { env: agent.placeholders, encoding: 'utf8' })
  assert.match(done.stdout, /^mode (pipe|socket):\[\d+\] \/\S*python/, done.stderr)
  const other = spawn('/usr/bin/tail', ['-f', '/dev/null'], { env: {} })
  const seen = spawnSync('ls', ['-l', `/proc/${other.pid}/fd`, '/proc/self/fd'], { encoding: 'utf8' })
  assert.equal(seen.status, 0, seen.stderr)
  assert.match(seen.stdout, /0 -> (pipe|socket):/)
  other.kill('SIGKILL')
  await agent.stop()
})
