/**
 * Others' view of a guarded process, entry by entry: look.py takes everything that procfs has, first without an agent, then with
 * one. An entry that is not in the short list below is refused, and nothing of the list is lost. `blockMaps` is off,
 * as it is by default.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { after, before, test } from 'node:test'
import { type Agent, eventually, kernelseal, startAgent } from '../../support/agent-under-test.ts'

const PROGRAM = '/usr/bin/busybox'
const LOOK = new URL('look.py', import.meta.url).pathname
const SECRET = 'looked-at-secret-50f8b1'
const config = `
version: v1
policy: { mode: enforce }
secrets:
  - name: sleeper
    selector: { binary: ${PROGRAM} }
    secretRefs: [{ name: PASSWORD, source: { envRef: SOURCE } }]
`

/** Read by process lists, monitors and container runtimes. */
const HARMLESS = new Set([
  ...['stat', 'statm', 'status', 'comm', 'cmdline', 'cgroup', 'cpuset', 'oom_score', 'oom_score_adj', 'limits', 'io'],
  ...['sched', 'schedstat', 'wchan', 'loginuid', 'sessionid', 'mountinfo', 'mounts', 'mountstats', 'net', 'ns', 'task'],
  ...['attr', 'children', 'autogroup', 'timers', 'timens_offsets', 'uid_map', 'gid_map', 'setgroups', 'projid_map'],
  ...['personality', 'exe', 'cwd', 'root'],
])
/** By `blockMaps`. */
const MAPS = ['maps', 'smaps', 'smaps_rollup', 'numa_maps', 'pagemap', 'auxv', 'stack', 'syscall', 'fd', 'fdinfo']
const OPEN = new Set([...HARMLESS, ...MAPS, 'map_files'])

type Entry = Readonly<Partial<Record<'read' | 'write' | 'readlink' | 'follow', string>>>
type Folder = Readonly<Record<string, Entry>>
interface Report {
  readonly looks: Readonly<Record<string, { readonly readv: string; readonly exe: string }>>
  readonly listener: string
  readonly madvise: string
  readonly join: string
  readonly processes: boolean
  readonly files: Readonly<
    Record<
      'process' | 'thread' | 'namespaces' | 'attributes' | 'descriptor' | 'descriptorInfo' | 'network' | 'self',
      Folder
    >
  > & { readonly root: string }
}

let agent: Agent | undefined
let bare: Report
let guarded: Report
let ownUser: Report

before(async () => {
  kernelseal(['unload', '--force']) // an agent of a Pod leaves its programs, and another file may have had one
  // They leave their hooks some time after that.
  bare = await eventually('a machine without programs', () => {
    const report = look('none')
    return report.listener === 'ok' && report
  })
  agent = await startAgent({ config, env: { SOURCE: SECRET } })
  guarded = look(agent.placeholders.PASSWORD!)
  ownUser = look(agent.placeholders.PASSWORD!, ['setpriv', '--reuid=1000', '--regid=1000', '--clear-groups'])
})

after(() => agent?.stop())

function look(password: string, [command = 'python3', ...args]: readonly string[] = []): Report {
  const rest = command === 'python3' ? [] : ['python3']
  const env = { PATH: '/usr/bin:/bin', PASSWORD: password }
  const done = spawnSync(command, [...args, ...rest, LOOK, PROGRAM], { env, encoding: 'utf8', timeout: 120_000 })
  assert.equal(done.status, 0, done.stderr + done.stdout)
  return JSON.parse(done.stdout)
}

for (const look of ['fd', 'maps', 'environ', 'auxv', 'nothing']) {
  test(`a look at ${look} before the exec opens nothing after it, and costs nothing`, () => {
    for (const report of [guarded, ownUser]) {
      assert.deepEqual(report.looks[look], { readv: 'EPERM', exe: 'ok' })
    }
    assert.deepEqual(bare.looks[look], { readv: 'EFAULT', exe: 'ok' }, 'it works without protection')
  })
}

test('a listener of fanotify is not given the environ of a process that may be about to exec', () => {
  assert.equal(bare.listener, 'ok')
  assert.equal(guarded.listener, 'EPERM')
})

test('process_madvise is refused, and joining the namespaces by a pidfd is not', () => {
  assert.equal(bare.madvise, 'ok')
  assert.match(guarded.madvise, /^E(PERM|ACCES)$/) // mm_access() answers with the latter
  assert.deepEqual([bare.join, guarded.join], ['ok', 'ok'])
})

for (const folder of ['process', 'thread'] as const) {
  test(`of a ${folder}, what is in the list reads as before, and everything else that reads is refused`, () => {
    const seen = Object.entries(bare.files[folder])
    assert.ok(seen.length > 20, 'procfs has more entries than that')
    for (const [name, entry] of seen) {
      const { read, readlink, follow } = guarded.files[folder][name]!
      const expected = OPEN.has(name) ? entry.read : entry.read && 'EPERM'
      assert.equal(read, expected, `${name}: ${entry.read} without protection`)
      assert.deepEqual([readlink, follow], [entry.readlink, entry.follow], `links, ${name}`)
    }
  })

  test(`nothing of a ${folder} is opened for writing`, () => {
    const writable = Object.entries(bare.files[folder]).filter(([, { write }]) => write === 'ok')
    assert.ok(writable.length > 5, 'without protection root writes to many')
    for (const [name] of writable) assert.equal(guarded.files[folder][name]!.write, 'EPERM', name)
  })
}

test('namespaces, network statistics, the root folder and the list of processes stay readable', () => {
  assert.deepEqual(guarded.files.namespaces, bare.files.namespaces)
  assert.deepEqual(guarded.files.network, bare.files.network)
  assert.equal(guarded.files.root, 'ok')
  assert.ok(guarded.processes)
})

test('of the security attributes, `current` alone is readable', () => {
  for (const [name, { read, write }] of Object.entries(guarded.files.attributes)) {
    if (name === 'current') assert.equal(read, bare.files.attributes.current!.read)
    else if (bare.files.attributes[name]!.read === 'ok' && !isFolder(name)) assert.equal(read, 'EPERM', name)
    if (bare.files.attributes[name]!.write === 'ok') assert.equal(write, 'EPERM', name)
  }
})

const isFolder = (name: string): boolean => ['smack', 'apparmor', 'selinux'].includes(name)

test('open files are shown as `blockMaps` says: off by default', () => {
  assert.deepEqual(guarded.files.descriptor, bare.files.descriptor)
  assert.deepEqual(guarded.files.descriptorInfo, bare.files.descriptorInfo)
})

test('a process that is not guarded keeps all of its own', () => {
  assert.deepEqual(guarded.files.self, bare.files.self)
})
