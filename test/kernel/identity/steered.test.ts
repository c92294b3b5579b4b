/** Memory that an application's process shares, written by others before that execs with it. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { admitted } from '../../support/admitted.ts'
import { type Agent, eventually, startAgent } from '../../support/agent-under-test.ts'
import { compiled } from '../../support/compile.ts'
import { type Container, endContainers, startContainer } from '../../support/containers.ts'
import { type PidNamespace, pidNamespace } from '../../support/pid-namespace.ts'

const SECRET = 'steered-by-nothing-1f'
const BINDINGS = `
- name: printer
  selector: { binary: /usr/bin/printenv, container: app }
  secretRefs: [{ name: TOKEN, source: { envRef: SOURCE } }]
`
const LONGEST_MS = 120_000
let namespace: PidNamespace
let agent: Agent
let program: string
let library: string
let writer: string

before(async () => {
  const source = (name: string) => join(import.meta.dirname, name)
  program = compiled(source('steered.c'))
  library = compiled(source('preloaded.c'), '-shared', '-fPIC')
  writer = join(mkdtempSync('/run/kernelseal-writer-'), 'poke.py')
  copyFileSync(source('poke.py'), writer)
  namespace = await pidNamespace()
  agent = await startAgent({ annotations: admitted(BINDINGS), env: { SOURCE: SECRET }, args: namespace.args })
})
after(async () => {
  endContainers()
  await agent.stop()
  await namespace.end()
})

interface Outcome {
  /** The writer's output. */
  readonly wrote: string
  /** The value that the library it named was given. */
  readonly library: string
  readonly printed: string
}

type Write = (app: Container, command: string) => Promise<string>
const itself: Write = (app, command) => app.ask(command)
const visitor: Write = async (app, command) => {
  const enter = ['--target', String(await app.pid()), '--mount', '--pid', 'sh', '-c', command]
  return spawnSync('nsenter', enter, { encoding: 'latin1', env: { PATH: '/usr/bin' } }).stdout.trim()
}

async function steer(how: string, write: Write): Promise<Outcome> {
  const folder = mkdtempSync('/run/kernelseal-steered-')
  const [said, file, out] = ['said', 'place', 'out'].map((name) => join(folder, name)) as [string, string, string]
  const text = (path: string) => (existsSync(path) ? readFileSync(path, 'latin1').trim() : '')
  const app = startContainer(namespace, { ...agent.placeholders, KS_SAID: said })
  await app.begun()
  await app.ask('mount -t proc proc /proc')
  await app.ask(`${program} ${how} ${file} > ${out} 2>&1 & true`)
  await eventually('its place', () => existsSync(file), LONGEST_MS)
  const wrote = await write(app, `python3 ${writer} ${text(file)} LD_PRELOAD=${library}`)
  await app.ask(`touch ${file}.go; wait %1 2>/dev/null`)
  await eventually('its program', () => text(out) !== '', LONGEST_MS)
  await app.ask('pkill -KILL steered')
  await app.end()
  return { wrote, library: text(said), printed: text(out) }
}

for (const how of ['own', 'memfd', 'mapped', '2', '5', 'sibling'])
  test(`${how}: a program of the same container steers the start, and it has its value`, async () => {
    assert.deepEqual(await steer(how, itself), { wrote: 'written', library: SECRET, printed: SECRET })
  })

for (const how of ['own', 'memfd', 'mapped', '2'])
  test(`${how}: a start that a visitor steers has its placeholder`, async () => {
    const { TOKEN = '' } = agent.placeholders
    assert.deepEqual(await steer(how, visitor), { wrote: 'written', library: TOKEN, printed: TOKEN })
  })

for (const how of ['5', 'sibling'])
  test(`${how}: where the memory's owner cannot be found, a visitor does not write`, async () => {
    assert.deepEqual(await steer(how, visitor), { wrote: 'Operation not permitted', library: '', printed: SECRET })
  })

test('a process that left its memory to a child keeps its lineage', async () => {
  const file = join(mkdtempSync('/run/kernelseal-steered-'), 'place')
  const app = startContainer(namespace, agent.placeholders)
  await app.begun()
  await app.ask('mount -t proc proc /proc')
  await app.ask(`exec ${program} moved ${file}`)
  assert.equal(await visitor(app, `python3 ${writer} ${readFileSync(file, 'latin1')} text`), 'Operation not permitted')
  assert.equal(await app.ask('printenv TOKEN'), SECRET)
  await app.end()
})

test('a program that a visitor only asks for the state of its memory has its value', async () => {
  const look: Write = (app, command) => visitor(app, `stat -L ${command.split(' ')[2]} > /dev/null && echo seen`)
  assert.deepEqual(await steer('memfd', look), { wrote: 'seen', library: '', printed: SECRET })
})

test('a descriptor of it that was opened to read counts, since it opens again to write', async () => {
  const again: Write = (app, command) => visitor(app, `${command} again`)
  const { TOKEN = '' } = agent.placeholders
  assert.deepEqual(await steer('memfd', again), { wrote: 'written', library: TOKEN, printed: TOKEN })
})
