/**
 * Containers of a PID namespace, as a runtime starts them: the owner of a placeholder, and the programs that may be
 * started with it.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { admitted } from '../../support/admitted.ts'
import { type Agent, startAgent } from '../../support/agent-under-test.ts'
import { type Container, endContainers, startContainer } from '../../support/containers.ts'
import { type PidNamespace, pidNamespace } from '../../support/pid-namespace.ts'

const SECRET = 'of-one-container-5b20'
const BINDINGS = `
- name: printer
  selector: { binary: /usr/bin/printenv, container: app }
  secretRefs: [{ name: TOKEN, source: { envRef: SOURCE } }]
`
let namespace: PidNamespace
let agent: Agent

before(async () => {
  namespace = await pidNamespace()
  agent = await startAgent({
    annotations: admitted(BINDINGS),
    env: { SOURCE: SECRET },
    args: namespace.args,
  })
})
after(async () => {
  endContainers()
  await agent.stop()
  await namespace.end()
})

const container = (env: Readonly<Record<string, string>> = agent.placeholders) => startContainer(namespace, env)

test('a container that starts again has its values, also where another one has its mount namespace number now', async () => {
  const first = container()
  const [, number] = await first.begun()
  assert.equal(await first.ask('printenv TOKEN'), SECRET)
  await first.end()
  const heirs: Container[] = []
  do {
    heirs.push(container({}))
    assert.ok(heirs.length < 20, 'no mount namespace has the number again')
  } while ((await heirs.at(-1)!.begun())[1] !== number)
  const again = container()
  assert.notEqual((await again.begun())[1], number)
  assert.equal(await again.ask('printenv TOKEN'), SECRET)
  for (const heir of heirs) await heir.end()
  await again.end()
})

/** Attaches, and lets go: in between it could have changed anything. */
const VISIT = `
import ctypes, os, sys
libc, pid = ctypes.CDLL(None, use_errno=True), int(sys.argv[1])
for request in (16, 17):
    if libc.ptrace(request, pid, None, None): sys.exit(os.strerror(ctypes.get_errno()))
    if request == 16: os.waitpid(pid, 0)
print('visited')
`

for (const [who, mounts] of [
  ['a visitor', true],
  ['another container', false],
] as const) {
  test(`what a process starts after ${who} was its tracer gets nothing`, async () => {
    const shell = container()
    const [pid = ''] = await shell.begun()
    assert.equal(await shell.ask('printenv TOKEN'), SECRET)
    const outside = readFileSync(`/proc/${shell.outer}/task/${shell.outer}/children`, 'latin1').trim()
    const enter = ['--target', outside, '--pid', ...(mounts ? ['--mount'] : [])]
    const visit = spawnSync('nsenter', [...enter, 'python3', '-c', VISIT, pid], { encoding: 'utf8' })
    assert.equal(visit.stdout, 'visited\n', visit.stderr)
    assert.equal(await shell.ask('printenv TOKEN'), agent.placeholders.TOKEN)
    await shell.end()
  })
}
