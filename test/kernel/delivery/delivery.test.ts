/** Delivery on a plain host: the programs that get a value, those that do not, and values that cannot be read. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type Agent, environOf, eventually, kernelseal, startAgent } from '../../support/agent-under-test.ts'

const SECRET = 'correct-horse-battery-staple'
const LONG = Array.from({ length: 4000 }, (_, i) => String.fromCharCode(33 + (i % 90))).join('')
const folder = mkdtempSync(join(tmpdir(), 'kernelseal-delivery-'))
const longFile = join(folder, 'long')
/** Secrets as the kubelet mounts them, one with an empty key. */
const mounted = join(folder, 'secrets')
const config = `
version: v1
policy: { mode: enforce }
secrets:
  - name: printer
    selector: { binary: /usr/bin/printenv }
    secretRefs:
      - { name: PASSWORD, source: { envRef: SOURCE_PASSWORD } }
      - { name: LONG, capacity: 65536, source: { fileRef: ${longFile} } }
      - { name: EMPTY, source: { secretKeyRef: { name: chart, key: "off" } } }
      - { name: DSN, source: { template: "postgres://app:$(PASSWORD)@db/app" } }
  - name: sleeper
    selector: { binary: sleep }
    secretRefs: [{ name: TOKEN, source: { envRef: SOURCE_PASSWORD } }]
  - name: forker
    selector: { binary: "${realpathSync('/usr/bin/python3')}" }
    secretRefs: [{ name: FORKED, source: { envRef: SOURCE_PASSWORD } }]
`
let agent: Agent

before(async () => {
  writeFileSync(longFile, LONG)
  mkdirSync(join(mounted, 'chart'), { recursive: true })
  writeFileSync(join(mounted, 'chart', 'off'), '')
  agent = await startAgent({ config, env: { SOURCE_PASSWORD: SECRET, KERNELSEAL_SECRETS_DIR: mounted } })
})

after(async () => {
  assert.equal(await agent.stop(), 0, agent.log())
})

const run = (path: string, args: string[], env = agent.placeholders) =>
  spawnSync(path, args, { env: { PATH: '/usr/bin', ...env }, encoding: 'latin1' })

test('a bound program has its values in ordinary environment variables', () => {
  assert.equal(run('/usr/bin/printenv', ['PASSWORD']).stdout, `${SECRET}\n`)
})

test('kernelseal env prints the placeholders that the agent fills, one a line', () => {
  const { stdout, stderr } = kernelseal(['env', '--config', agent.config])
  const lines = Object.entries(agent.placeholders).map(([name, value]) => `${name}=${value}\n`)
  assert.equal(stdout, lines.join(''), stderr)
})

test('a value longer than one chunk arrives byte for byte', () => {
  assert.equal(run('/usr/bin/printenv', ['LONG']).stdout, `${LONG}\n`)
})

test('an empty key of a Secret arrives as an empty variable, and nothing of its placeholder stays', () => {
  const { status, stdout } = run('/usr/bin/printenv', ['EMPTY'])
  assert.deepEqual([status, stdout], [0, '\n'])
  const { PASSWORD = '', EMPTY = '' } = agent.placeholders
  const whole = run('/usr/bin/printenv', [], { EMPTY, PASSWORD }).stdout.split('\n')
  assert.deepEqual(whole.toSorted(), ['', 'EMPTY=', `PASSWORD=${SECRET}`, 'PATH=/usr/bin'].toSorted())
})

test('a template is filled from the other values of its binding', () => {
  assert.equal(run('/usr/bin/printenv', ['DSN']).stdout, `postgres://app:${SECRET}@db/app\n`)
})

test('variables around the placeholders stay as they were', () => {
  const env = { A_FIRST: 'one', ...agent.placeholders, Z_LAST: 'x'.repeat(9000), EMPTY: '' }
  const { stdout } = run('/usr/bin/printenv', [], env)
  for (const line of ['A_FIRST=one', `Z_LAST=${'x'.repeat(9000)}`, 'EMPTY=', `PASSWORD=${SECRET}`]) {
    assert.ok(stdout.split('\n').includes(line), line.slice(0, 40))
  }
})

/** With empty strings, which shells and runtimes do not pass but the kernel takes. */
const WITH_EMPTY_STRINGS = `
import ctypes, json, sys
strings = [text.encode() for text in json.loads(sys.argv[1])]
array = ctypes.c_char_p * (len(strings) + 1)
ctypes.CDLL(None).execve(b'/usr/bin/printenv', (ctypes.c_char_p * 3)(b'printenv', sys.argv[2].encode(), None), array(*strings, None))`

test('empty strings in the environment are passed over, by a delivery and by a scrub', () => {
  const strings = Object.entries({ ...agent.placeholders, PLAIN: 'plain' }).flatMap((pair) => [
    '',
    pair.join('='),
    '',
    '',
  ])
  const printed = (name: string, env: Readonly<Record<string, string>>): unknown[] => {
    const { stdout, signal } = run('/usr/bin/python3', ['-c', WITH_EMPTY_STRINGS, JSON.stringify(strings), name], env)
    return [stdout, signal]
  }
  assert.deepEqual(printed('DSN', {}), [`postgres://app:${SECRET}@db/app\n`, null])
  assert.deepEqual(printed('PLAIN', agent.placeholders), ['plain\n', null]) // Python itself is sealed, and loses its value
})

test('an unbound program keeps its placeholders', () => {
  const { stdout } = run('/usr/bin/env', [])
  assert.ok(stdout.includes(`PASSWORD=${agent.placeholders.PASSWORD}`))
  assert.ok(!stdout.includes(SECRET))
})

test('a bound program gets only the variables of its own binding', () => {
  const { stdout } = run('/usr/bin/printenv', ['TOKEN'])
  assert.equal(stdout, `${agent.placeholders.TOKEN}\n`)
})

test('a copy of the program elsewhere gets nothing, under any name and argv[0]', () => {
  const copy = join(folder, 'printenv')
  copyFileSync('/usr/bin/printenv', copy)
  assert.equal(run(copy, ['PASSWORD']).stdout, `${agent.placeholders.PASSWORD}\n`)
  const done = spawnSync(copy, ['PASSWORD'], {
    argv0: '/usr/bin/printenv',
    env: agent.placeholders,
    encoding: 'latin1',
  })
  assert.equal(done.stdout, `${agent.placeholders.PASSWORD}\n`)
})

test('a symbolic link to the program is the program: the file counts', () => {
  const link = join(folder, 'link')
  symlinkSync('/usr/bin/printenv', link)
  assert.equal(run(link, ['PASSWORD']).stdout, `${SECRET}\n`)
})

test('a chroot does not turn another file into the bound program', () => {
  const jail = mkdtempSync(join(tmpdir(), 'kernelseal-jail-'))
  const script = `mkdir -p ${jail}/usr/bin ${jail}/lib64 ${jail}/lib; cp /usr/bin/printenv ${jail}/usr/bin/
    for l in $(ldd /usr/bin/printenv | grep -o '/[^ ]*'); do mkdir -p ${jail}$(dirname $l); cp $l ${jail}$l; done`
  spawnSync('/bin/bash', ['-c', script])
  const { stdout, stderr } = run('/usr/sbin/chroot', [jail, '/usr/bin/printenv', 'PASSWORD'])
  assert.equal(stdout, `${agent.placeholders.PASSWORD}\n`, stderr)
})

test('a program whose environment has no placeholder of ours starts, and an event says so', async () => {
  assert.equal(run('/usr/bin/printenv', ['HELLO'], { HELLO: 'world' }).stdout, 'world\n')
  await eventually('the event', () => agent.events().some((e) => e.reason === 'no-placeholder'))
})

test('a damaged placeholder kills the program before it runs', async () => {
  const whole = agent.placeholders.PASSWORD as string
  const { signal, stdout } = run('/usr/bin/printenv', ['PASSWORD'], { PASSWORD: whole.slice(100) })
  assert.equal(signal, 'SIGKILL')
  assert.equal(stdout, '')
  await eventually('the event', () => agent.events().some((e) => e.reason === 'bad-placeholder'))
})

/** Starts a program under PTRACE_TRACEME, and prints the signal that ended it, or False. */
const underTracer = (command: readonly string[]): string => `
import ctypes, os, signal
libc = ctypes.CDLL(None, use_errno=True)
pid = os.fork()
if pid == 0:
    libc.ptrace(0, 0, 0, 0)
    os.execv('${command[0]}', ${JSON.stringify(command)})
status = 0
while True:
    _, status = os.waitpid(pid, 0)
    if os.WIFSTOPPED(status): libc.ptrace(7, pid, 0, 0)
    else: break
print(os.WIFSIGNALED(status) and os.WTERMSIG(status))`

test('a program that is traced when it execs gets nothing and does not run', () => {
  const script = underTracer(['/usr/bin/printenv', 'PASSWORD'])
  /* the tracer must not be sealed itself: a sealed process cannot let itself be traced */
  const { stdout } = run('/usr/bin/python3', ['-c', script], { PASSWORD: agent.placeholders.PASSWORD as string })
  assert.equal(stdout, '9\n')
})

test('a traced program that brings no placeholder runs: there is nothing to give', () => {
  const { stdout } = run('/usr/bin/python3', ['-c', underTracer(['/usr/bin/printenv', 'PLAIN'])], { PLAIN: 'as it is' })
  assert.equal(stdout, 'as it is\nFalse\n')
})

test('a running bound program does not show its environment, even to root', async () => {
  const child = spawn('/usr/bin/sleep', ['30'], { env: agent.placeholders })
  const isIt = (e: Record<string, unknown>) => e.tag === 'INJECT' && (e.actor as { pid: number }).pid === child.pid
  try {
    await eventually('sealed', () => agent.events().some(isIt))
    assert.throws(() => environOf(child.pid as number), { code: 'EPERM' })
  } finally {
    child.kill('SIGKILL')
  }
})

test('a forked child of a sealed process is sealed as well', () => {
  const script = `
import os, sys, time
pid = os.fork()
if pid == 0:
    time.sleep(20); os._exit(0)
print(pid, flush=True); time.sleep(20)`
  const bound = spawnSync(
    '/bin/bash',
    [
      '-c',
      `exec 3< <(exec /usr/bin/python3 -c '${script}'); read -r child <&3
    cat /proc/$child/environ > /dev/null 2>${folder}/why; cat ${folder}/why; kill $child $!`,
    ],
    {
      env: { PATH: '/usr/bin', ...agent.placeholders },
      encoding: 'latin1',
    },
  )
  assert.match(bound.stdout, /Operation not permitted/)
})

test('no output of the agent contains a value', async () => {
  const metrics = await (await fetch(`http://127.0.0.1:${agent.port}/metrics`)).text()
  for (const text of [agent.log(), metrics]) {
    assert.ok(!text.includes(SECRET) && !text.includes(LONG.slice(0, 64)))
  }
})
