/** Values of a program started by a sealed one: scrub, inherit or deny, by the binding. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readlinkSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { type Agent, eventually, startAgent } from '../../support/agent-under-test.ts'

const SECRET = 'inherited-secret-0b7e'
const PYTHON = readlinkSync('/usr/bin/python3').replace(/^(?!\/)/, '/usr/bin/')
const PERL = '/usr/bin/perl'
const BASH = '/usr/bin/bash'

const binding = (name: string, binary: string, children: string, variable: string): string => `
  - name: ${name}
    selector: { binary: ${binary}${children && `, children: ${children}`} }
    secretRefs: [{ name: ${variable}, source: { envRef: SOURCE } }]`

const config = `
version: v1
policy: { mode: enforce }
secrets:${binding('by-default', PYTHON, '', 'SCRUBBED')}${binding('inheriting', PERL, 'inherit', 'INHERITED')}${binding('denying', BASH, 'deny', 'DENIED')}
`
let agent: Agent

before(async () => {
  agent = await startAgent({ config, env: { SOURCE: SECRET } })
})

after(async () => {
  assert.equal(await agent.stop(), 0, agent.log())
})

const run = (path: string, args: string[]) =>
  spawnSync(path, args, {
    env: { PATH: '/usr/bin', BEFORE: '1', ...agent.placeholders, AFTER: '2' },
    encoding: 'latin1',
  })

const python = (script: string) => run(PYTHON, ['-c', script])

test('scrub takes the value from another program and leaves the rest of the environment', async () => {
  const { stdout, stderr } = python("import os; os.execv('/usr/bin/env', ['env'])")
  const lines = stdout.split('\n')
  assert.ok(lines.includes('SCRUBBED='), stderr)
  assert.ok(lines.includes('BEFORE=1') && lines.includes('AFTER=2') && lines.includes('PATH=/usr/bin'))
  assert.ok(lines.includes(`INHERITED=${agent.placeholders.INHERITED}`))
  assert.ok(!stdout.includes(SECRET))
  await eventually('the event', () => agent.events().some((e) => e.tag === 'SCRUB' && e.values === 1))
})

test('sh -c env from a sealed application shows no value', () => {
  const { stdout } = python(
    "import subprocess; print(subprocess.run(['/bin/sh', '-c', 'env'], capture_output=True, text=True).stdout)",
  )
  assert.match(stdout, /^SCRUBBED=$/m)
  assert.ok(!stdout.includes(SECRET))
})

test('the bound program started by itself keeps the value: worker processes', () => {
  const { stdout } = python(
    `import os; os.execv('${PYTHON}', ['python3', '-c', 'import os; print(os.environ["SCRUBBED"])'])`,
  )
  assert.equal(stdout, `${SECRET}\n`)
})

test('a program below a scrub is not sealed again, even with the placeholder in its environment', () => {
  const placeholder = agent.placeholders.SCRUBBED
  const inner = `import os; print(os.environ['SCRUBBED'] == '${placeholder}')`
  const script = `import os; os.execve('/usr/bin/env', ['env', 'SCRUBBED=${placeholder}', '${PYTHON}', '-c', "${inner.replaceAll('"', '\\"')}"], os.environ)`
  assert.equal(python(script).stdout, 'True\n')
})

test('inherit keeps value and seal in another program', () => {
  const script = `system('/bin/sh', '-c', 'echo $INHERITED; cat /proc/self/environ | grep -c INHERITED; sleep 0.2 & cat /proc/$!/environ')`
  const { stdout, stderr } = run(PERL, ['-e', script])
  assert.equal(stdout.split('\n')[0], SECRET)
  assert.match(stderr, /Operation not permitted/)
})

test('deny refuses every other program, and a script that another interpreter runs', async () => {
  const { stdout, stderr } = run(BASH, ['-c', `/usr/bin/env; echo "status $?"; ${BASH} -c 'echo "again \${#DENIED}"'`])
  assert.match(stdout, /status 126/)
  assert.match(stderr, /Operation not permitted/)
  assert.match(stdout, new RegExp(`again ${SECRET.length}`))
  await eventually('the event', () => agent.events().some((e) => e.way === 'exec' && e.action === 'blocked'))
})

test('vfork and posix_spawn children are treated alike', () => {
  const { stdout } = python(
    "import os, sys; sys.stdout.flush(); os.waitpid(os.posix_spawn('/usr/bin/env', ['env'], os.environ), 0)",
  )
  assert.match(stdout, /^SCRUBBED=$/m)
  assert.ok(!stdout.includes(SECRET))
})

test('an exec from a thread that is not the leader is treated alike', () => {
  const script =
    "import os, threading; t = threading.Thread(target=lambda: os.execv('/usr/bin/env', ['env'])); t.start(); t.join()"
  const { stdout } = python(script)
  assert.match(stdout, /^SCRUBBED=$/m)
  assert.ok(!stdout.includes(SECRET))
})

test('a core-dumping signal kills without a core', async () => {
  const { signal } = python('import os, signal; os.kill(os.getpid(), signal.SIGSEGV)')
  assert.equal(signal, 'SIGKILL')
  await eventually('the event', () => agent.events().some((e) => e.way === 'core-dump' && e.detail === 11))
})
