/** `verify`: a bound program that is not the one of the image, or has another content, gets nothing and does not run. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { appendFileSync, copyFileSync, readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { type Agent, eventually, startAgent } from '../../support/agent-under-test.ts'

const SECRET = 'verified-secret-77d1'
/** The VM's root is an overlay over this machine's files, as a container's is over its image. */
const ADDED = '/usr/local/bin/kernelseal-added'
const PINNED = '/usr/local/bin/kernelseal-pinned'
/** Programs that sleep: one that is verified, and one that is not. */
const [SLEEPER, OPEN] = ['/usr/local/bin/kernelseal-sleeper', '/usr/local/bin/kernelseal-open']
const WRITER = new URL('write-text.py', import.meta.url).pathname
const hashOf = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex')
const binding = (name: string, binary: string, verify: string): string => `
  - name: ${name}
    selector: { binary: ${binary}${verify && `, verify: "${verify}"`} }
    secretRefs: [{ name: ${name.toUpperCase()}, source: { envRef: SOURCE } }]`
let agent: Agent

before(async () => {
  assert.match(readFileSync('/proc/mounts', 'utf8'), /^\S+ \/ overlay /m)
  for (const path of [ADDED, PINNED]) copyFileSync('/usr/bin/printenv', path)
  for (const path of [SLEEPER, OPEN]) copyFileSync('/usr/bin/sleep', path)
  const bindings = [
    binding('image', '/usr/bin/printenv', 'image'),
    binding('added', ADDED, 'image'),
    binding('pinned', PINNED, `sha256:${hashOf(PINNED)}`),
    binding('sleeper', SLEEPER, `sha256:${hashOf(SLEEPER)}`),
    binding('open', OPEN, ''),
  ]
  const config = `version: v1\npolicy: { mode: enforce }\nsecrets:${bindings.join('')}\n`
  agent = await startAgent({ config, env: { SOURCE: SECRET } })
})

after(() => agent.stop())

const run = (path: string, name: string) =>
  spawnSync(path, [name], { env: agent.placeholders, encoding: 'latin1', timeout: 20_000 })
const failure = (reason: string) => eventually(reason, () => agent.events().some((e) => e.reason === reason))

test('verify: image gives a program of the image its value', () => {
  assert.equal(run('/usr/bin/printenv', 'IMAGE').stdout, `${SECRET}\n`)
})

test('verify: image kills a program that was added, and says why', async () => {
  const { signal, stdout } = run(ADDED, 'ADDED')
  assert.deepEqual([signal, stdout], ['SIGKILL', ''])
  await failure('not-image')
})

test('verify: sha256 gives the program with that content its value, the second time as well', () => {
  for (let i = 0; i < 2; i++) assert.equal(run(PINNED, 'PINNED').stdout, `${SECRET}\n`)
})

test('verify: sha256 kills the program once its content is another', async () => {
  appendFileSync(PINNED, 'x')
  const { signal, stdout } = run(PINNED, 'PINNED')
  assert.deepEqual([signal, stdout], ['SIGKILL', ''])
  await failure('not-pinned')
  copyFileSync('/usr/bin/printenv', PINNED)
  assert.equal(run(PINNED, 'PINNED').stdout, `${SECRET}\n`)
})

test('verify: sha256 kills a program whose content can still be changed, by a mapping that was made before', async () => {
  const write = (path: string) =>
    spawnSync('/usr/bin/python3', [WRITER, path], { env: agent.placeholders, encoding: 'latin1', timeout: 120_000 })
  const open = write(OPEN)
  assert.match(open.stdout, new RegExp(`^OPEN=${SECRET}$`, 'm'), `unverified, the written code runs: ${open.stderr}`)
  const { stdout, stderr } = write(SLEEPER)
  assert.equal(stdout, '-9\n', stderr)
  await failure('foreign-file')
})

test('verify: image kills the program of the image once it was changed, if only appended to', () => {
  appendFileSync('/usr/bin/printenv', 'x')
  const { signal, stdout } = run('/usr/bin/printenv', 'IMAGE')
  assert.deepEqual([signal, stdout], ['SIGKILL', ''])
})
