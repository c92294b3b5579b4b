/**
 * The verdict of `kernelseal doctor` on a node's mounts, swap and neighbours. The programs themselves are tried in
 * the VM.
 */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Finding } from '../../../agent/doctor/checks.ts'
import { captureTools } from '../../../agent/doctor/environment-exporters.ts'
import { surroundings } from '../../../agent/doctor/host.ts'
import { temporaryFolder } from '../temporary.ts'

const GOOD = `bpf /sys/fs/bpf bpf rw,nosuid 0 0
securityfs /sys/kernel/security securityfs rw 0 0
cgroup2 /sys/fs/cgroup cgroup2 rw 0 0
`
const NO_SWAP = 'Filename\tType\tSize\tUsed\tPriority\n'
const look = (mounts: string, swaps?: string, ftrace?: string) =>
  surroundings((path) => (path === '/proc/swaps' ? swaps : path.startsWith('/proc/sys/') ? ftrace : mounts))
const states = (findings: readonly Finding[]) => Object.fromEntries(findings.map(({ what, state }) => [what, state]))

test('a node with its file systems mounted and no swap has nothing to improve', () => {
  for (const { state, fix } of look(GOOD, NO_SWAP, '1\n')) assert.deepEqual([state, fix], ['supported', undefined])
})

test('each file system that is missing is named, with why and the exact change', () => {
  const hybrid = 'cgroup /sys/fs/cgroup/cpu cgroup rw,cpu 0 0\nsysfs /sys sysfs rw 0 0\n'
  const findings = look(hybrid, NO_SWAP, '1\n')
  assert.deepEqual(states(findings), {
    'bpf file system': 'degraded',
    securityfs: 'degraded',
    cgroups: 'degraded',
    swap: 'supported',
    ftrace: 'supported',
  })
  const fixes = findings.map(({ fix }) => fix ?? '').join('\n')
  assert.match(fixes, /^mount -t bpf bpf \/sys\/fs\/bpf/m)
  assert.match(fixes, /^mount -t securityfs securityfs \/sys\/kernel\/security/m)
  assert.match(fixes, /systemd\.unified_cgroup_hierarchy=1/)
  for (const { why } of findings) assert.ok(why.length > 20)
})

test('swap is named with its devices, and an unreadable state is unknown, not good', () => {
  const [, , , swap] = look(GOOD, `${NO_SWAP}/dev/sda2 partition 1000 0 -2\n`)
  assert.deepEqual([swap!.state, swap!.found], ['degraded', '/dev/sda2: unless it is encrypted'])
  assert.equal(look(GOOD)[3]!.state, 'unknown')
})

test('ftrace switched off fails the node: no program is called', () => {
  const off = look(GOOD, NO_SWAP, '0\n').at(-1)
  assert.deepEqual([off?.what, off?.state], ['ftrace', 'unsupported'])
  assert.match(off?.fix ?? '', /kernel\.ftrace_enabled=1/)
  assert.equal(look(GOOD, NO_SWAP).at(-1)?.state, 'unknown')
})

const INITIAL = 0xeffffffc
type Files = Readonly<Record<string, string>>

type Process = readonly [comm: string, args: readonly string[], files?: Files]

/** A /proc with these processes: comm, arguments, and files below their root. */
function procWith(...processes: readonly Process[]): string {
  const proc = temporaryFolder('proc')
  for (const [i, [comm, args, files = {}]] of processes.entries()) {
    const folder = join(proc, `${i + 1}`)
    mkdirSync(folder)
    writeFileSync(join(folder, 'comm'), `${comm}\n`)
    writeFileSync(join(folder, 'cmdline'), args.map((arg) => `${arg}\0`).join(''))
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(folder, 'root', path, '..'), { recursive: true })
      writeFileSync(join(folder, 'root', path), text)
    }
  }
  return proc
}

const NAME = 'enable-process-environment-variables'
const conf = (value: string): Files => ({ [`etc/tetragon/tetragon.conf.d/${NAME}`]: value })

const neighbours: readonly [string, readonly Process[], Finding['state'], RegExp][] = [
  ['nothing of the kind', [['systemd', ['/sbin/init']]], 'supported', /^none runs$/],
  [
    'Tetragon that captures none',
    [['tetragon', ['tetragon', '--config-dir', '/etc/tetragon/tetragon.conf.d/']]],
    'supported',
    /Tetragon \(PID 1\), which does not/,
  ],
  [
    'Tetragon by an argument',
    [['tetragon', ['tetragon', `--${NAME}`]]],
    'unsupported',
    /Tetragon \(PID 1\), which exports/,
  ],
  [
    'Tetragon by an argument with a value',
    [['tetragon', ['tetragon', `--${NAME}=true`, '--x']]],
    'unsupported',
    /exports/,
  ],
  ['Tetragon with the argument off', [['tetragon', ['tetragon', `--${NAME}=false`]]], 'supported', /does not/],
  ['Tetragon by its settings', [['tetragon', ['tetragon'], conf('true')]], 'unsupported', /exports/],
  ['Tetragon with the setting off', [['tetragon', ['tetragon'], conf('false')]], 'supported', /does not/],
  [
    'Tracee by an argument',
    [
      ['bash', ['bash']],
      ['tracee', ['tracee', '--output', 'option:exec-env']],
    ],
    'unsupported',
    /Tracee \(PID 2\), which exports/,
  ],
  [
    'Tracee by its settings',
    [['tracee', ['tracee'], { 'tracee/config.yaml': 'output:\n  options:\n    exec-env: true\n' }]],
    'unsupported',
    /exports/,
  ],
  ['Falco, whose rules decide', [['falco', ['/usr/bin/falco']]], 'degraded', /Falco \(PID 1\), whose rules may/],
  [
    'Falco beside a Tracee that exports',
    [
      ['falco', ['falco']],
      ['tracee', ['tracee', '-o', 'option:exec-env']],
    ],
    'unsupported',
    /Tracee/,
  ],
]

for (const [what, processes, state, found] of neighbours) {
  test(`tools that copy environments: ${what} is ${state}`, () => {
    const finding = captureTools(INITIAL, procWith(...processes))
    assert.equal(finding.state, state, finding.found)
    assert.match(finding.found, found)
    assert.equal(finding.fix === undefined, state === 'supported')
  })
}

test('from inside a Pod the node’s processes are unknown, not absent', () => {
  const finding = captureTools(4_026_532_000, procWith(['app', ['app']]))
  assert.equal(finding.state, 'unknown')
  assert.match(finding.fix!, /hostPID/)
})
