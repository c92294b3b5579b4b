/**
 * What a visitor writes into a workload's memory: a shell that starts a program works in one memory with its child until that execs
 * (vfork(2), as dash and posix_spawn(3) do it), so a write into the child is one into the shell.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { admitted } from '../../support/admitted.ts'
import { type Agent, eventually, startAgent } from '../../support/agent-under-test.ts'
import { compiled } from '../../support/compile.ts'
import { endContainers, startContainer } from '../../support/containers.ts'
import { type PidNamespace, pidNamespace } from '../../support/pid-namespace.ts'

const SECRET = 'of-the-workload-alone-77'
const BINDINGS = `
- name: printer
  selector: { binary: /usr/bin/printenv, container: app }
  secretRefs: [{ name: TOKEN, source: { envRef: SOURCE } }]
`
const USER = 'setpriv --reuid 1000 --regid 1000 --clear-groups'
/** Its program starts again and again; the variable has room for another. */
const LOOP = `exec ${USER} dash -c 'while :; do /usr/bin/printenv TOKEN >/dev/null; done'`
const ROOM = 'x'.repeat(80)

let namespace: PidNamespace
let agent: Agent
let writer: string
let library: string
before(async () => {
  const build = (name: string, ...options: string[]) => compiled(join(import.meta.dirname, name), ...options)
  writer = build('vforked.c')
  library = build('preloaded.c', '-shared', '-fPIC')
  namespace = await pidNamespace()
  const source = { annotations: admitted(BINDINGS), env: { SOURCE: SECRET } }
  agent = await startAgent({ ...source, args: namespace.args })
})
after(async () => {
  endContainers()
  await agent.stop()
  await namespace.end()
})

/** Has the shell preload the library. @param into options of nsenter(1) for the writer. @returns the value of TOKEN that the library saw */
async function preloaded(how: string, into: readonly string[]): Promise<string[]> {
  const folder = mkdtempSync('/run/kernelseal-said-')
  spawnSync('chmod', ['777', folder])
  const file = join(folder, 'said')
  const app = startContainer(namespace, { ...agent.placeholders, ROOM, KS_SAID: file })
  await app.begun()
  app.ask(LOOP).catch(() => undefined) // it is ended
  const shell = await app.pid()
  await eventually('the shell', () => readFileSync(`/proc/${shell}/comm`, 'latin1') === 'dash\n')
  const words = `${how} "$(pgrep -x dash)" ROOM=${ROOM} LD_PRELOAD=${library}`
  const line = `mount -t proc proc /proc && exec ${USER} ${writer} ${words}`
  const enter = ['--target', String(shell), '--pid', ...into, 'unshare', '--mount', 'sh', '-c', line]
  const { stdout, stderr } = spawnSync('nsenter', enter, { encoding: 'latin1' })
  assert.match(stdout, /^wrote [1-9]/, stderr)
  const said = () => (existsSync(file) ? readFileSync(file, 'latin1') : '').split('\n')
  await eventually('several starts', () => said().length > 5)
  process.kill(shell, 'SIGKILL')
  return [...new Set(said().slice(0, -1))]
}

for (const how of ['direct', 'child'])
  test(`${how}: a start from memory that a visitor wrote into has placeholders`, async () => {
    assert.deepEqual(await preloaded(how, ['--mount']), [agent.placeholders.TOKEN])
  })
