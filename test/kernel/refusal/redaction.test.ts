/**
 * No output has a value in it, in no form: every kind of event is provoked with values that are long, binary or of several
 * lines, and everything that is to be seen of the agent is searched.
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { randomBytes, randomInt } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { loadAgentConfig } from '../../../agent/config/load.ts'
import { feedPath } from '../../../agent/events/feed.ts'
import { scopeNumber } from '../../../agent/scope/scope.ts'
import { resolveAll } from '../../../agent/sources/resolve.ts'
import { openSources } from '../../../agent/sources/sources.ts'
import {
  type Agent,
  environOf,
  eventually,
  kernelseal,
  startAgent,
  writeConfig,
} from '../../support/agent-under-test.ts'
import { found, needlesOf } from '../../support/needles.ts'
import { onTerminal } from '../../support/terminal.ts'

const folder = mkdtempSync(join(tmpdir(), 'kernelseal-redaction-'))
const cores = join(folder, 'cores')
const PYTHON = realpathSync('/usr/bin/python3')
const KERNELSEAL = new URL('../../../node_modules/.bin/kernelseal', import.meta.url).pathname

const bytes = (length: number): Buffer => Buffer.from(randomBytes(length).map((byte) => byte || 1))
const VALUES = {
  LINES: Buffer.from(`-----BEGIN-----\n${randomBytes(60).toString('base64')}\n\t"quoted" \\ $HOME\n-----END-----`),
  BINARY: bytes(300),
  LONG: Buffer.from(randomBytes(7_500).toString('base64')),
}
const fileOf = (name: string): string => join(folder, name)

const config = (policy: string, more = ''): string => `
version: v1
policy: ${policy}
${more}
secrets:
  - name: printer
    selector: { binary: /usr/bin/printenv }
    secretRefs: &all
      - { name: LINES, source: { envRef: LINES } }
      - { name: BINARY, capacity: 512, source: { fileRef: ${fileOf('BINARY')} } }
      - { name: LONG, capacity: 16384, source: { fileRef: ${fileOf('LONG')} } }
      - { name: DSN, capacity: 16384, source: { template: "x://$(LINES)@$(LONG)" } }
  - { name: sleeper, selector: { binary: /usr/bin/sleep }, secretRefs: *all }
  - { name: starter, selector: { binary: ${PYTHON} }, secretRefs: *all }
`

/** A secret without its quotes: of 16 digits, so that YAML keeps every one of them. */
const NUMBER = `4${randomInt(1e14, 2e14)}`
const needles = [...Object.values(VALUES).flatMap(needlesOf), NUMBER]

/** The texts seen, by place. */
const seen = new Map<string, string>()
const see = (where: string, what: string): void => void seen.set(where, what)
let agent: Agent

before(async () => {
  for (const [name, value] of Object.entries(VALUES)) writeFileSync(fileOf(name), value)
  mkdirSync(cores)
  writeFileSync('/proc/sys/kernel/core_pattern', join(cores, 'core.%p'))
  agent = await start('{ mode: enforce }')
})

after(async () => {
  await agent.stop()
  kernelseal(['unload', '--force']) // one that was aborted leaves its scope, and the scope's counts
})

function start(policy: string, more?: string, args: string[] = []): Promise<Agent> {
  return startAgent({ config: config(policy, more), env: { LINES: VALUES.LINES.toString('latin1') }, args })
}

const run = (path: string, args: readonly string[], env: Readonly<Record<string, string>> = agent.placeholders) =>
  spawnSync(path, args, { env: { PATH: '/usr/bin', ...env }, encoding: 'latin1' })

test('the search finds a value in every form, and not where there is none', () => {
  const { BINARY } = VALUES
  const wrapped = Buffer.concat([Buffer.from('{"v":"'), BINARY, Buffer.from('"}')])
  const forms = [wrapped.toString('latin1'), wrapped.toString('hex'), wrapped.toString('base64url')]
  for (let i = 0; i < 3; i++) forms.push(wrapped.subarray(i).toString('base64'))
  for (const form of forms) assert.ok(found(form, needlesOf(BINARY)).length > 0, form.slice(0, 40))
  assert.ok(found(encodeURIComponent(VALUES.LINES.toString()), needlesOf(VALUES.LINES)).length > 0)
  assert.ok(found(JSON.stringify(VALUES.LINES.toString()), needlesOf(VALUES.LINES)).length > 0)
  assert.deepEqual(found(randomBytes(100_000).toString('latin1'), needles), [])
})

test('every kind of event happens, and the values reach the programs they are for', async () => {
  const { stdout } = run('/usr/bin/printenv', [])
  for (const [name, value] of Object.entries(VALUES)) assert.ok(stdout.includes(value.toString('latin1')), name)
  const child = spawn('/usr/bin/sleep', ['600'], { env: agent.placeholders })
  await eventually('delivery', () => agent.events().some((e) => e.tag === 'INJECT' && actorOf(e) === child.pid))
  assert.throws(() => environOf(child.pid as number), { code: 'EPERM' })
  assert.throws(() => readFileSync(`/proc/${child.pid}/mem`), { code: 'EPERM' })
  child.kill('SIGSEGV')
  const whole = agent.placeholders.LINES as string
  assert.equal(run('/usr/bin/printenv', [], { LINES: whole.slice(100) }).signal, 'SIGKILL')
  run('/usr/bin/printenv', [], { HELLO: 'world' })
  const children = 'import os; os.system("/usr/bin/env"); os.abort()'
  see('a child of a sealed program', run(PYTHON, ['-c', children]).stdout)
  assert.notEqual(run('/bin/bash', ['-c', `(kill -9 ${agent.pid}; cat /proc/${agent.pid}/environ)`], {}).status, 0)
  const tags = ['EXEC', 'PROTECT', 'INJECT', 'FAIL', 'LSM BLOCKED', 'SCRUB']
  const has = (key: string, value: string) => agent.events().some((e) => e[key] === value)
  await eventually('all kinds', () => tags.every((tag) => has('tag', tag)))
  await eventually('all ways', () =>
    ['environ', 'mem', 'core-dump', 'signal', 'agent-file'].every((way) => has('way', way)),
  )
  await eventually('both failures', () => ['bad-placeholder', 'no-placeholder'].every((why) => has('reason', why)))
})

const actorOf = (event: Record<string, unknown>): number => (event.actor as { pid: number }).pid

test('the places where a value could show are all looked at', async () => {
  for (const path of ['/metrics', '/readyz', '/healthz'])
    see(path, await (await fetch(`http://127.0.0.1:${agent.port}${path}`)).text())
  const skipped = seen.get('/metrics')!.match(/^kernelseal_programs_skipped_total\{program="\w+"\} \d+$/gm) ?? []
  assert.equal(skipped.length, readdirSync('/sys/fs/bpf/kernelseal/v2/links').length)
  assert.match(seen.get('/metrics')!, /^kernelseal_ready 1$/m)
  const socket = connect(feedPath(scopeNumber()))
  setTimeout(() => socket.end(), 200)
  see('the events socket', await text(socket))
  assert.match(seen.get('the events socket')!, /"tag":"SCRUB"/)
  const commands = [
    ['events'],
    ['events', '--json'],
    ['status'],
    ['status', '--json'],
    ['env', '--config', agent.config],
  ]
  for (const args of commands) {
    const { status, stdout, stderr } = kernelseal(args)
    assert.equal(status, 0, stderr)
    see(args.join(' '), stdout + stderr)
  }
  const top = onTerminal([KERNELSEAL, 'top', '--interval', '0.5'], { awaits: 'q ends it', times: 2, keys: 'q' })
  assert.equal(top.status, 0, top.output)
  assert.match(top.output, /enforce +alive/)
  see('top', top.output)
  for (const file of ['cmdline', 'comm', 'status', 'stat'])
    see(`/proc/agent/${file}`, readFileSync(`/proc/${agent.pid}/${file}`, 'latin1'))
  for (const file of ['environ', 'mem'])
    assert.throws(() => readFileSync(`/proc/${agent.pid}/${file}`), { code: 'EPERM' })
})

/** The value itself stands in each of these, in a place where it is refused. */
const LITERAL = VALUES.LONG.toString().slice(0, 900)
const refused: Readonly<Record<string, string>> = {
  'two sources': `{ name: A, source: { value: "${LITERAL}", envRef: X } }`,
  'an unknown kind of source': `{ name: A, source: { valeu: "${LITERAL}" } }`,
  'a source that is a text': `{ name: A, source: "${LITERAL}" }`,
  'a value where a list belongs': `"${LITERAL}"`,
  'broken YAML': `{ name: A, source: { value: "${LITERAL}" ]`,
  'an unclosed quote': `{ name: A, source: { value: "${LITERAL}`,
  'a number': `{ name: A, source: { value: ${NUMBER} } }`,
}

test('a configuration that is refused is refused without the value that stands in it', () => {
  for (const [what, ref] of Object.entries(refused)) {
    const path = writeConfig(
      `version: v1\nsecrets:\n  - name: a\n    selector: { binary: /x }\n    secretRefs: [${ref}]\n`,
    )
    try {
      loadAgentConfig({ config: path })
      assert.fail(`${what} was accepted`)
    } catch (error) {
      see(what, `${(error as Error).message}\n${(error as Error).stack}`)
    }
  }
})

/** A binding of one variable to this file, which cannot be read. */
const binding = (file: string): string => `version: v1
secrets:
  - name: a
    selector: { binary: /x }
    secretRefs: [{ name: A, capacity: 1024, source: { fileRef: ${file} } }]
`

test('an agent in mode audit that writes text, and is aborted, shows nothing either', async () => {
  see('the log as JSON', agent.log())
  await agent.stop()
  see('the log as JSON, whole', agent.log())
  agent = await start('{ mode: audit, auditAll: true }', 'onFailure: start', ['--log-format', 'text'])
  const child = spawn('/usr/bin/sleep', ['600'], { env: agent.placeholders })
  await eventually('delivery', () => agent.log().includes(`[INJECT] Secrets injected into PID ${child.pid}`))
  assert.ok(environOf(child.pid as number).includes('LINES=-----BEGIN'))
  const whole = agent.placeholders.LINES as string
  run('/usr/bin/printenv', [], { LINES: whole.slice(100) })
  await eventually('both', () => /\[LSM AUDIT\]/.test(agent.log()) && /\[FAIL\]/.test(agent.log()))
  child.kill('SIGKILL')
  process.kill(agent.pid, 'SIGABRT')
  await eventually('the end', () => !existsSync(`/proc/${agent.pid}/fd`))
  see('the log as text', agent.log())
})

test('a value that is too long for its placeholder, or has a NUL, ends the agent without showing it', async () => {
  writeFileSync(fileOf('NUL'), Buffer.concat([VALUES.BINARY, Buffer.from([0])]))
  await assert.rejects(
    resolveAll(loadAgentConfig({ config: writeConfig(binding(fileOf('NUL'))) }).config, openSources()),
    (error: Error) => {
      see('a value with a NUL', `${error.stack}`)
      return /binding `a`, variable `A`/.test(error.message)
    },
  )
  const config = writeConfig(binding(fileOf('LONG')))
  const { status, stdout, stderr } = kernelseal(['run', '--config', config], { KERNELSEAL_DEBUG: '1' })
  assert.equal(status, 1)
  assert.match(stderr, /binding `a`, variable `A`/)
  see('a value that is too long', stdout + stderr)
})

test('none of it has a value in it, and no core file was written', () => {
  assert.deepEqual(readdirSync(cores), [])
  assert.ok(seen.size >= 25, `${seen.size} outputs`)
  for (const [where, what] of seen) {
    assert.ok(what.length > 0, `${where} is empty`)
    assert.deepEqual(
      found(Buffer.from(what).toString('latin1'), needles).length + found(what, needles).length,
      0,
      where,
    )
  }
})
