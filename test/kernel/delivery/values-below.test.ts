/**
 * Below a seal values are found by their content, under every variable name; and a placeholder is filled as a
 * variable's whole value.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readlinkSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { type Agent, eventually, startAgent } from '../../support/agent-under-test.ts'

const SECRET = 'found-by-what-it-is-6d'
const LONG = randomBytes(2500).toString('hex')
const PYTHON = readlinkSync('/usr/bin/python3').replace(/^(?!\/)/, '/usr/bin/')
const config = `
version: v1
policy: { mode: enforce }
secrets:
  - name: python
    selector: { binary: ${PYTHON} }
    secretRefs:
      - { name: GIVEN, source: { envRef: SOURCE } }
      - { name: LONG, capacity: 8192, source: { envRef: LONG_SOURCE } }
      - { name: SHORT, source: { envRef: SHORT_SOURCE } }
`
let agent: Agent

before(async () => {
  agent = await startAgent({ config, env: { SOURCE: SECRET, LONG_SOURCE: LONG, SHORT_SOURCE: 'seven77' } })
})
after(async () => {
  assert.equal(await agent.stop(), 0, agent.log())
})

const python = (script: string, env: Readonly<Record<string, string>> = agent.placeholders) =>
  spawnSync(PYTHON, ['-c', `import os, subprocess\n${script}`], {
    env: { PATH: '/usr/bin', ...env },
    encoding: 'latin1',
    timeout: 120_000,
  })
const shows = (variables: string): string =>
  python(`g = dict(os.environ)\nos.execve('/usr/bin/env', ['env'], {${variables}})`).stdout

test('a value in a variable of another name is taken out, alone or in the middle of text', () => {
  const stars = '*'.repeat(SECRET.length)
  assert.equal(
    shows(`'COPY': g['GIVEN'], 'DSN': 'user=a password=' + g['GIVEN'] + ' host=b', 'OTHER': 'stays'`),
    `COPY=${stars}\nDSN=user=a password=${stars} host=b\nOTHER=stays\n`,
  )
})

test('a long value is taken out as a whole, wherever it lies; all but its last byte is none', () => {
  const stars = '*'.repeat(LONG.length)
  assert.equal(shows(`'X': 'x' * 61 + g['LONG'] + 'y'`), `X=${'x'.repeat(61)}${stars}y\n`)
  assert.equal(shows(`'X': g['LONG'][:-1]`), `X=${LONG.slice(0, -1)}\n`)
})

test('a value that came by a pipe and is set before an exec further below is taken out', async () => {
  const script = `read -r v; V="$v" N=1 /usr/bin/env; V="$v" /bin/sh -c "/usr/bin/env; true"`
  const { stdout } = python(
    `print(subprocess.run(['/bin/sh', '-c', '''${script}'''], input=os.environ['GIVEN'] + '\\n', capture_output=True, text=True).stdout)`,
  )
  assert.ok(!stdout.includes(SECRET), 'the value below a seal')
  assert.equal(stdout.split(`V=${'*'.repeat(SECRET.length)}`).length, 3)
  await eventually('the event', () => agent.events().some((e) => e.tag === 'SCRUB' && e.values === 1))
})

test('a value of fewer than 8 bytes is taken out by its variable’s name alone', () => {
  assert.equal(shows(`'COPY': g['SHORT'], 'SHORT': g['SHORT']`), 'COPY=seven77\nSHORT=\n')
})

test('the environment of a program that is below no seal is its own', () => {
  const { stdout } = spawnSync('/usr/bin/env', [], { env: { MINE: SECRET }, encoding: 'latin1' })
  assert.equal(stdout, `MINE=${SECRET}\n`)
})

test('a placeholder is filled as the whole value of its variable; elsewhere it stays, and the log names the variable', async () => {
  const { GIVEN = '' } = agent.placeholders
  const odd = { GIVEN, COPY: GIVEN, DSN: `password=${GIVEN}`, TAIL: `${GIVEN} host=b` }
  const { stdout, status } = python(
    `print(*[f'{k}={os.environ[k]}' for k in ${JSON.stringify(Object.keys(odd))}], sep='\\n')`,
    odd,
  )
  assert.equal(status, 0)
  assert.deepEqual(stdout.trim().split('\n'), [
    `GIVEN=${SECRET}`,
    ...Object.entries(odd)
      .slice(1)
      .map(([name, value]) => `${name}=${value}`),
  ])
  const line = await eventually('the log line', () => agent.events().find((e) => e.tag === 'PLACEHOLDER'))
  assert.equal(line.variable, 'COPY')
})
