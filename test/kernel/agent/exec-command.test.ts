/** `kernelseal exec`: one command, its secrets, its seal; signals, terminal and status are the command's. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { environOf, eventually, kernelseal } from '../../support/agent-under-test.ts'

const KERNELSEAL = new URL('../../../node_modules/.bin/kernelseal', import.meta.url).pathname
const SECRET = `exec-secret-${randomBytes(16).toString('hex')}`
const digest = createHash('sha256').update(SECRET).digest('hex')
const file = join(mkdtempSync(join(tmpdir(), 'kernelseal-')), 'password')
writeFileSync(file, SECRET, { mode: 0o400 })

const SCRIPT = `
printf %s "$TOKEN" | sha256sum
printf %s "$PASSWORD" | sha256sum
echo "source=[$SOURCE] greeting=[$GREETING]"
(sleep 0.1 &)
trap 'exit 7' USR1
echo ready
while :; do sleep 0.2; done`

test('a command has its values and a seal, and no other process access; signals and status are its own', async () => {
  const outer = start([
    'exec',
    '--secret',
    'TOKEN=env:SOURCE',
    '--secret',
    `PASSWORD=file:${file}`,
    '--',
    'sh',
    '-c',
    SCRIPT,
  ])
  const [agent, command] = await bothChildren(outer)
  assert.match(outer.output(), new RegExp(`${digest}.*\n${digest}`))
  assert.match(outer.output(), /source=\[\] greeting=\[hello\]/)
  assert.throws(() => environOf(command), /EPERM/)
  assert.throws(() => environOf(agent), /EPERM/)
  assert.ok(!environOf(outer.pid).includes(SECRET))
  await eventually('a process that lost its parent ends', () => zombiesOf(agent).length > 0)
  await eventually('the agent, as its init, waits for it', () => zombiesOf(agent).length === 0)
  process.kill(outer.pid, 'SIGUSR1')
  assert.equal(await outer.status, 7)
  assert.ok(!existsSync(`/proc/${agent}`))
  assert.ok(!existsSync('/sys/fs/bpf/kernelseal/v2'), 'nothing stays pinned')
})

test('on a terminal the command has the terminal, and Ctrl-C once', async () => {
  const script =
    'n=0; trap "n=\\$((n+1))" INT; test -t 0 && echo ready; until [ $n -gt 0 ]; do sleep 0.2; done; sleep 1; exit $n'
  const command = [KERNELSEAL, 'exec', '--secret', `TOKEN=file:${file}`, '--', 'sh', '-c', script]
  const python = 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))'
  const outer = begin('python3', ['-c', python, ...command])
  await ready(outer)
  outer.child.stdin!.write('\x03')
  assert.equal(await outer.status, 1)
})

test('an impossible start is reported, and nothing is started', () => {
  const missing = kernelseal(['exec', '--secret', 'TOKEN=file:/nothing/there', '--', 'touch', '/tmp/started'])
  assert.equal(missing.status, 1)
  assert.match(missing.stderr, /variable `TOKEN`: fileRef `\/nothing\/there`: there is no such file/)
  const unbound = kernelseal(['exec', '--secret', 'LD_PRELOAD=env:X', '--', 'touch', '/tmp/started'])
  assert.equal(unbound.status, 2)
  assert.ok(!existsSync('/tmp/started'))
})

interface Outer {
  readonly child: ChildProcess
  readonly pid: number
  readonly output: () => string
  readonly status: Promise<number>
}

const start = (args: readonly string[]): Outer => begin(KERNELSEAL, args)

function begin(program: string, args: readonly string[]): Outer {
  const env = { ...process.env, SOURCE: SECRET, GREETING: 'hello' }
  const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'pipe'] })
  const output: string[] = []
  for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (chunk) => output.push(String(chunk)))
  const status = once(child, 'exit').then(([code]) => code as number)
  return { child, pid: child.pid!, output: () => output.join(''), status }
}

/** The agent takes ten seconds to start under emulation, and more on a loaded machine. */
async function ready(outer: Outer): Promise<void> {
  for (let looks = 0; looks < 5; looks++) {
    const found = await eventually('the command', () => outer.output().includes('ready')).catch(() => false)
    if (found) return
  }
  throw new Error(`the command did not start:\n${outer.output()}`)
}

/** The outer process is the one that the shell script `kernelseal` became. @returns the agent, which came first, and the command */
async function bothChildren(outer: Outer): Promise<[agent: number, command: number]> {
  await ready(outer)
  const [agent = 0, command = 0] = children(outer.pid)
  return [agent, command]
}

const children = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ').filter(Boolean).map(Number)

/** By their own `stat`: the agent's list of children is closed to others. */
const zombiesOf = (pid: number): number[] =>
  readdirSync('/proc')
    .map(Number)
    .filter((child) => child > 0 && parentOf(child) === pid && isZombie(child))

/** Field 4 of proc_pid_stat(5); undefined for a process that is gone. */
function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    return undefined
  }
}

/** Not one that is gone since its parent was looked at. */
function isZombie(pid: number): boolean {
  try {
    return / Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return false
  }
}
