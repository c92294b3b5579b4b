/**
 * Daily tools go on working beside a sealed process: process lists, lsof, tracers of unsealed processes, a leak
 * checker within the sealed program, and ways into its namespaces. Their accesses raise no alarm.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type Agent, eventually, startAgent } from '../../support/agent-under-test.ts'

const SECRET = 'tooled-secret-77aa02'
const folder = mkdtempSync(join(tmpdir(), 'kernelseal-tools-'))
const LEAKY = join(folder, 'leak-checked')
const config = `
version: v1
policy: { mode: enforce }
secrets:
  - name: sleeper
    selector: { binary: /usr/bin/busybox }
    secretRefs: [{ name: PASSWORD, source: { envRef: SOURCE } }]
  - name: checked
    selector: { binary: ${LEAKY} }
    secretRefs: [{ name: PASSWORD, source: { envRef: SOURCE } }]
`
const PROGRAM = `
#include <stdio.h>
#include <stdlib.h>
int main(void) { char *v = getenv("PASSWORD"); puts(v ? v : "none"); free(malloc(7)); return 0; }
`

let agent: Agent
let sealed: ChildProcess
let plain: ChildProcess
let hasChecker = false

before(async () => {
  const built = spawnSync('gcc', ['-fsanitize=leak', '-x', 'c', '-o', LEAKY, '-'], { input: PROGRAM })
  hasChecker = built.status === 0
  agent = await startAgent({ config, env: { SOURCE: SECRET } })
  sealed = spawn('/usr/bin/busybox', ['sleep', '601'], {
    env: { PATH: '/usr/bin', ...agent.placeholders },
    stdio: 'ignore',
  })
  plain = spawn('/usr/bin/sleep', ['602'], { env: {}, stdio: 'ignore' })
  await eventually('its value', () => agent.log().includes('"event":"inject"'))
})

after(async () => {
  sealed.kill('SIGKILL')
  plain.kill('SIGKILL')
  await agent.stop()
})

function run(command: string, args: readonly string[], env = process.env) {
  return spawnSync(command, [...args], { env, encoding: 'utf8', timeout: 120_000, maxBuffer: 1 << 26 })
}

const LISTS: readonly (readonly [command: string, args: readonly string[]])[] = [
  ['ps', ['-ef', '-ww']],
  ['ps', ['aux', '-ww']],
  ['ps', ['-eo', 'pid,ppid,user,stat,wchan:20,ni,pcpu,rss,nlwp,cgroup,args', '-ww']],
  ['top', ['-b', '-n', '1', '-c', '-w', '512']],
  ['pstree', ['-ap']],
  ['pgrep', ['-fa', 'sleep 601']],
]

for (const [command, args] of LISTS) {
  test(`${command} ${args.join(' ')} shows the sealed process with its arguments`, (context) => {
    const { status, stdout, stderr, error } = run(command, args)
    if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return context.skip(`no ${command} here`)
    assert.equal(status, 0, stderr)
    assert.match(stdout, /sleep[ ,]601/)
    assert.ok(!stdout.includes(SECRET))
  })
}

test('lsof lists a sealed process, with its open files where `blockMaps` is off', (context) => {
  if (!existsSync('/usr/bin/lsof')) return context.skip('no lsof here')
  const { stdout } = run('lsof', ['-nP', '-p', String(sealed.pid)])
  for (const what of ['cwd', 'rtd', 'txt', '/dev/null']) assert.ok(stdout.includes(what), stdout)
})

test('strace and gdb trace what is not sealed, and not what is', (context) => {
  if (!existsSync('/usr/bin/strace')) return context.skip('no strace here')
  const trace = (pid: number) => run('timeout', ['-s', 'INT', '5', 'strace', '-f', '-p', String(pid)])
  assert.match(trace(plain.pid!).stderr, /attached/)
  assert.match(trace(sealed.pid!).stderr, /Operation not permitted/)
  if (!existsSync('/usr/bin/gdb')) return
  const debug = (pid: number) => run('gdb', ['-q', '-nx', '-batch', '-p', String(pid), '-ex', 'info registers rip'])
  assert.match(debug(plain.pid!).stdout, /rip/)
  assert.doesNotMatch(debug(sealed.pid!).stdout, /rip /)
})

test('perf counts a sealed process, from its start on too, and samples what is not one', (context) => {
  const count = (pid: number) => run('perf', ['stat', '-e', 'task-clock', '-p', String(pid), '--', 'sleep', '0.2'])
  const counted = count(plain.pid!)
  if (counted.error) return context.skip('no perf here')
  assert.equal(counted.status, 0, counted.stderr)
  const sealedToo = count(sealed.pid!)
  assert.equal(sealedToo.status, 0, sealedToo.stderr)
  const own = ['stat', '-e', 'task-clock', '--', '/usr/bin/busybox', 'sh', '-c', 'echo $PASSWORD']
  const started = run('perf', own, { PATH: '/usr/bin', ...agent.placeholders })
  assert.equal(started.stdout, `${SECRET}\n`, started.stderr)
  const data = join(folder, 'perf.data')
  const record = (pid: number) =>
    run('perf', ['record', '-q', '-e', 'cpu-clock', '-g', '-o', data, '-p', String(pid), '--', 'sleep', '0.2'])
  assert.equal(record(plain.pid!).status, 0)
  assert.notEqual(record(sealed.pid!).status, 0)
})

test('a leak checker in a sealed program, which traces it from a clone of itself, finds its way', (context) => {
  if (!hasChecker) return context.skip('no gcc with -fsanitize=leak here')
  const done = spawnSync(LEAKY, [], { env: agent.placeholders, encoding: 'utf8', timeout: 60_000 })
  assert.deepEqual([done.stdout, done.stderr, done.status], [`${SECRET}\n`, '', 0])
})

test('nsenter enters the namespaces of a sealed process, by its number and by a pidfd', () => {
  const entered = run('nsenter', ['-t', String(sealed.pid), '-m', '-u', '-i', '-n', '-p', 'true'])
  assert.equal(entered.status, 0, entered.stderr)
})

test('of all these looks none but the tracers’ was an alarm', async () => {
  const told = (passing?: true) => {
    const lines = agent.events().filter((line) => line.event === 'access' && line.passing === passing)
    return new Set(lines.map(({ actor }) => (actor as { comm: string }).comm))
  }
  await eventually('the lines', () => told().has('strace') && told(true).has('ps'))
  const by = told()
  for (const tool of ['ps', 'top', 'pstree', 'pgrep', 'lsof', 'nsenter']) assert.ok(!by.has(tool), [...by].join(' '))
})
