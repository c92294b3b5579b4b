/**
 * What root of another container of the Pod does to a container that starts: between the runtime's `create` and `start` its
 * program and arguments lie in the memory of a process that is in the Pod already.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { admitted } from '../../support/admitted.ts'
import { type Agent, startAgent } from '../../support/agent-under-test.ts'
import { endContainers, startContainer } from '../../support/containers.ts'
import { type PidNamespace, pidNamespace } from '../../support/pid-namespace.ts'
import { type How, overwriting, type Starting, startingIn } from '../../support/starting/starting.ts'

const SECRET = 'of-the-started-alone-41'
const bindings = (mode: string) => `
version: v1
policy: { mode: ${mode} }
secrets:
  - name: entry
    selector: { container: app, verify: image }
    secretRefs: [{ name: TOKEN, source: { envRef: SOURCE } }]
`
/** The entrypoint's own task, and the one that it has once it was overwritten: no text is longer than the one before. */
const [SCRIPT, GOT] = ['/dev/shm/kernelseal-written', '/dev/shm/kernelseal-got']
const ENTRYPOINT = ['/usr/bin/sleep', '00000000000000000000000000000600']
const CHANGES = { '/usr/bin/sleep': '/usr/bin/bash', [ENTRYPOINT[1]!]: SCRIPT }

interface Side {
  readonly space: PidNamespace
  readonly agent: Agent
}
let [enforcing, auditing]: Side[] = []

async function side(mode: string): Promise<Side> {
  const space = await pidNamespace()
  const source = { annotations: admitted(bindings(mode)), env: { SOURCE: SECRET } }
  return { space, agent: await startAgent({ ...source, args: space.args }) }
}

before(async () => {
  writeFileSync(SCRIPT, `echo "$TOKEN" >${GOT}\n`)
  enforcing = await side('enforce')
  auditing = await side('audit')
})
after(async () => {
  endContainers()
  for (const { agent, space } of [enforcing!, auditing!]) {
    await agent.stop()
    await space.end()
  }
})

/** @returns the output of `attack`, whether the container's own program runs after it, and the output of the attacker's */
async function attacked({ space, agent }: Side, attack: (target: Starting) => Promise<string> | string) {
  rmSync(GOT, { force: true })
  const target = await startingIn(space, ENTRYPOINT, agent.placeholders)
  const said = await attack(target)
  const runs = await target.go('sleep')
  target.kill()
  return { said, runs, got: existsSync(GOT) ? readFileSync(GOT, 'latin1') : '' }
}

async function byAnother(side: Side, how: How) {
  const other = startContainer(side.space, {})
  await other.begun()
  const outcome = await attacked(side, ({ inner }) => other.ask(overwriting(how, inner, CHANGES)))
  await other.end()
  return outcome
}

test('a write from outside of the Pod, where the runtime is, decides which program starts, and that has the value', async () => {
  const { said, runs, got } = await attacked(enforcing!, ({ outer }) => {
    const line = overwriting('direct', outer, CHANGES)
    return spawnSync('unshare', ['--mount', 'sh', '-c', line], { encoding: 'latin1' }).stdout
  })
  assert.match(said, /^wrote [1-9]/)
  assert.deepEqual([runs, got], [false, `${SECRET}\n`])
})

for (const how of ['direct', 'joined', 'nested'] as const)
  test(`${how}: another container of the Pod is refused, and the container’s own program starts`, async () => {
    const { said, runs, got } = await byAnother(enforcing!, how)
    assert.deepEqual([runs, got], [true, ''])
    // 5.10 opens the folder of the refused namespace in its place (proc_ns_get_link, fs/proc/namespaces.c), and joins nothing.
    assert.match(said, /^refused: .*(Permission denied|Operation not permitted)|^setns of mounts: Invalid argument$/)
  })

test('with mode audit another container decides which program starts, and that has the value', async () => {
  const { said, runs, got } = await byAnother(auditing!, 'direct')
  assert.match(said, /^wrote [1-9]/)
  assert.deepEqual([runs, got], [false, `${SECRET}\n`])
})

for (const how of ['joined', 'nested'] as const)
  test(`${how}: with mode audit a start in mounts that another container has entered has placeholders`, async () => {
    const { said, runs, got } = await byAnother(auditing!, how)
    assert.match(said, /^wrote [1-9]/)
    assert.deepEqual([runs, got], [false, `${auditing!.agent.placeholders.TOKEN}\n`])
  })
