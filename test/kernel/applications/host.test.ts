/**
 * Programs that hosts run, under one agent: interpreters behind links, also traced; servers that fork into the background; sudo and
 * runuser, which watch for stops; cron, which cuts long lines; a crash; a variable that comes while all of it runs.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import {
  type Agent,
  environOf,
  eventually,
  kernelseal,
  placeholdersOf,
  startAgent,
} from '../../support/agent-under-test.ts'

const secret = (): string => `host-${randomBytes(16).toString('hex')}`
const SECRET = secret()
const PLACEHOLDERS = '/run/placeholders'
const config = (printed: readonly string[]): string => `
version: v1
secrets:
  - name: python
    selector: { binary: /usr/bin/python3 }
    secretRefs: [${printed.map((name) => `{ name: ${name}, source: { fileRef: /run/token } }`)}]
  - name: redis
    selector: { binary: /bin/redis-server }
    secretRefs: [{ name: TOKEN, source: { fileRef: /run/token } }]
  - name: web
    selector: { binary: /usr/sbin/nginx }
    onRotate: { signal: SIGHUP }
    secretRefs: [{ name: PASSWORD, source: { fileRef: /run/password } }]
  - name: printer
    selector: { binary: /usr/bin/printenv, withoutPlaceholder: add }
    secretRefs: [{ name: TOKEN, source: { fileRef: /run/token } }]
  - name: job
    selector: { binary: /usr/bin/sleep }
    secretRefs:
      - { name: SHORT, source: { fileRef: /run/token } }
      - { name: LONG, source: { fileRef: /run/token }, capacity: 1024 }
`
const NGINX = `pid /run/web.pid; error_log /run/web.error;
events {}
http { access_log off; server { listen 127.0.0.1:8090; location / { return 200 ok; } } }
`
const PYTHON = '/usr/bin/python3'
const PRINTING = 'import os; print(os.environ.get("TOKEN"), os.environ.get("MORE"))'

let agent: Agent
const started: ChildProcess[] = []

before(async () => {
  writeFileSync('/run/token', SECRET)
  writeFileSync('/run/password', secret())
  agent = await startAgent({ config: config(['TOKEN']), args: ['--environment-file', PLACEHOLDERS] })
})

after(async () => {
  for (const child of started) child.kill('SIGKILL')
  spawnSync('/usr/sbin/nginx', ['-c', '/run/web.conf', '-s', 'stop'])
  await agent?.stop()
  kernelseal(['unload', '--force'])
})

const environment = (): NodeJS.ProcessEnv => ({ PATH: '/usr/sbin:/usr/bin', ...agent.placeholders })
function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv = { PATH: '/usr/sbin:/usr/bin' }) {
  const { status, signal, stdout, stderr } = spawnSync(program, args, { env, encoding: 'utf8', timeout: 240_000 })
  return { ended: signal ?? status, stdout, stderr }
}
function start(program: string, args: readonly string[], env = environment()): ChildProcess {
  const child = spawn(program, args, { env, stdio: 'ignore' })
  started.push(child)
  return child
}
const isRefused = (pid: number): void => assert.throws(() => environOf(pid), { code: 'EPERM' })
const logged = (line: RegExp): Promise<true | undefined | false> =>
  eventually(String(line), () => line.test(agent.log()) || undefined)

test('Python behind a link has its value, and the log has the file that is bound', () => {
  assert.match(agent.log(), new RegExp(`\`${PYTHON}\` is a link: the program is \`${realpathSync(PYTHON)}\``))
  assert.equal(run(PYTHON, ['-c', PRINTING], environment()).stdout, `${SECRET} None\n`)
})

test('Redis behind two links is sealed with its value', async () => {
  const server = start('/usr/bin/redis-server', ['--port', '0', '--unixsocket', '/run/redis.sock', '--save', ''])
  await logged(new RegExp(`Secrets injected into PID ${server.pid}: \\[TOKEN\\]`))
  isRefused(server.pid as number)
})

test('traced without a placeholder a bound program runs, unsealed; with one it is killed', async () => {
  const trace = ['-f', '-o', '/dev/null', PYTHON, '-c', PRINTING]
  assert.deepEqual(run('strace', trace), { ended: 0, stdout: 'None None\n', stderr: '' })
  await logged(/started unsealed: it brought no placeholder of binding `python`/)
  assert.equal(run('strace', trace, environment()).stdout, '')
  await logged(/killed before it ran: a tracer or sampler was attached .*binding `python`/)
})

test('the line of a crash names its signal', async () => {
  assert.equal(run(PYTHON, ['-c', 'import os; os.abort()'], environment()).ended, 'SIGKILL')
  await logged(/attempted core-dump access .*: SIGABRT, turned into SIGKILL/)
})

for (const [caller, args] of [
  ['sudo', ['-n']],
  ['runuser', ['-u', 'nobody', '--']],
  ['nsenter', ['--target', String(process.pid), '--pid']],
] as const) {
  test(`${caller} goes on when its program has been given its variables without a placeholder`, () => {
    assert.deepEqual(run(caller, [...args, '/usr/bin/printenv', 'TOKEN']), {
      ended: 0,
      stdout: `${SECRET}\n`,
      stderr: '',
    })
  })
}

test('the master of nginx, which forked into the background, is told of a rotation', async () => {
  writeFileSync('/run/web.conf', NGINX)
  assert.equal(run('/usr/sbin/nginx', ['-c', '/run/web.conf'], environment()).ended, 0)
  const master = await eventually(
    'the master',
    () => existsSync('/run/web.pid') && Number(readFileSync('/run/web.pid')),
  )
  isRefused(master)
  const workers = () => run('pgrep', ['-P', String(master)]).stdout
  const before = await eventually('its worker', workers)
  writeFileSync('/run/password', secret())
  await logged(new RegExp(`SIGHUP sent to PID ${master}: values of binding \`web\` have changed`))
  await eventually('another worker', () => workers() !== before && workers() !== '')
})

test('a new variable reaches programs after one reload, with the file of placeholders', async () => {
  const before = environment()
  writeFileSync(agent.config, config(['TOKEN', 'MORE']))
  process.kill(agent.pid, 'SIGHUP')
  await logged(/Policy applied: mode=enforce, generation/)
  assert.match(agent.log(), /from now on binding `python` gives `MORE` as well/)
  assert.doesNotMatch(agent.log(), /protection is weaker/)
  const lines = Object.entries(placeholdersOf({ config: agent.config })).map(([name, value]) => `${name}=${value}\n`)
  await eventually('the file', () => readFileSync(PLACEHOLDERS, 'latin1') === lines.join(''))
  const after = { ...before, ...placeholdersOf({ config: agent.config }) }
  assert.equal(run(PYTHON, ['-c', PRINTING], after).stdout, `${SECRET} ${SECRET}\n`)
  assert.equal(run(PYTHON, ['-c', PRINTING], before).stdout, `${SECRET} None\n`)
  await logged(/Secrets injected into PID \d+: 1 of \[TOKEN MORE\]/)
})

test('cron hands on a placeholder of the usual size; a longer one is cut, and named as that', async () => {
  const file = (name: string, seconds: string): void =>
    writeFileSync(
      `/etc/cron.d/${name.toLowerCase()}`,
      `${name}=${agent.placeholders[name]}\n* * * * * root exec /usr/bin/sleep ${seconds}\n`,
    )
  file('SHORT', '10000')
  file('LONG', '20000')
  start('/usr/sbin/cron', ['-f'], { PATH: '/usr/sbin:/usr/bin' })
  await logged(/Secrets injected into PID \d+: 1 of \[SHORT LONG\]/)
  await logged(/\(\/usr\/bin\/sleep\): the placeholder in `LONG` was cut after \d+ bytes: .*cron.*`capacity`/)
})
