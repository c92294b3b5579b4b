/** A control group as a scope: its processes get the secret, whenever the group is made, and no others do. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type Agent, environOf, eventually, kernelseal, startAgent } from '../../support/agent-under-test.ts'

const ROOT = '/sys/fs/cgroup'
const [SLICE, SERVICE] = ['shop.slice', 'shop.slice/app.service']
const SECRET = 'secret-of-the-service-2b7d'
const config = `
version: v1
policy: { mode: enforce }
secrets:
  - name: printer
    selector: { binary: /usr/bin/printenv }
    secretRefs: [{ name: TOKEN, source: { envRef: SOURCE } }]
  - name: sleeper
    selector: { binary: /usr/bin/sleep }
    secretRefs: [{ name: TOKEN, source: { envRef: SOURCE } }]
`
let agent: Agent

before(async () => {
  agent = await startAgent({ config, env: { SOURCE: SECRET }, args: ['--cgroup', SERVICE] })
})
after(() => agent?.stop())

const make = (group: string): string => mkdirSync(join(ROOT, group), { recursive: true }) ?? ''
const remove = (group: string): void => rmdirSync(join(ROOT, group))

/** As a service manager does: a shell enters the group, and becomes the program. */
const entering = (group: string, command: string): readonly string[] => [
  '-c',
  `echo $$ >${join(ROOT, group)}/cgroup.procs && exec ${command}`,
]

function printedIn(group: string): string {
  const { stdout, stderr } = spawnSync('sh', entering(group, '/usr/bin/printenv TOKEN'), {
    env: { PATH: '/usr/bin', ...agent.placeholders },
    encoding: 'latin1',
  })
  assert.equal(stderr, '')
  return stdout
}

const isPlaceholder = (text: string): boolean => text.startsWith('kernelseal:v1:')

test('a group that is made after the agent is in the scope', () => {
  make(SERVICE)
  assert.equal(printedIn(SERVICE), `${SECRET}\n`)
})

test('status names the group', () => {
  const { stdout } = kernelseal(['status'])
  assert.match(stdout, /^\d+ \/shop\.slice\/app\.service +enforce +alive/m)
})

test('made again, as at each start of a service, it is so once more, and the groups below it too', () => {
  remove(SERVICE)
  make(SERVICE)
  assert.equal(printedIn(SERVICE), `${SECRET}\n`)
  make(`${SERVICE}/worker`)
  assert.equal(printedIn(`${SERVICE}/worker`), `${SECRET}\n`)
  remove(`${SERVICE}/worker`)
})

test('outside of it, above it, beside it and under its name elsewhere a program keeps its placeholder', () => {
  make('app.service')
  make(`${SLICE}/app.service.d`)
  for (const group of ['', SLICE, 'app.service', `${SLICE}/app.service.d`]) {
    assert.ok(isPlaceholder(printedIn(group)), group)
  }
  remove('app.service')
  remove(`${SLICE}/app.service.d`)
})

test('root, from outside, is refused the environment of a process in it, and an event says so', async () => {
  const sleeper = startIn(SERVICE)
  await eventually('its delivery', () =>
    agent.events().some(({ tag, file }) => tag === 'INJECT' && file === '/usr/bin/sleep'),
  )
  assert.throws(() => environOf(sleeper.pid as number), { code: 'EPERM' })
  await eventually('the event', () => agent.events().some(({ tag }) => tag === 'LSM BLOCKED'))
  sleeper.kill('SIGKILL')
})

test('an agent that comes back finds the groups that are there, and the last one takes the scope away', async () => {
  await agent.stop()
  assert.ok(isPlaceholder(printedIn(SERVICE)), 'the scope has gone with its agent')
  agent = await startAgent({ config, env: { SOURCE: SECRET }, args: ['--cgroup', `${ROOT}/${SERVICE}/`] })
  assert.equal(printedIn(SERVICE), `${SECRET}\n`)
  await agent.stop()
  await eventually('nothing pinned', () => !existsSync('/sys/fs/bpf/kernelseal/v2'))
  remove(SERVICE)
  remove(SLICE)
})

test('a group that cannot be a scope is refused with the reason', () => {
  for (const [path, why] of [
    ['/', /leave --cgroup out for a whole host/],
    ['a/../b', /without `\.` and `\.\.`/],
    ['x'.repeat(300), /longer than 254 bytes/],
  ] as const) {
    const { status, stderr } = kernelseal(['run', '--config', agent.config, '--cgroup', path])
    assert.equal(status, 2)
    assert.match(stderr, why)
  }
})

function startIn(group: string): ChildProcess {
  return spawn('sh', entering(group, '/usr/bin/sleep 600'), {
    env: { PATH: '/usr/bin', ...agent.placeholders },
    stdio: 'ignore',
  })
}
