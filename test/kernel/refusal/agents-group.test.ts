/**
 * The control group that a Pod's agent is in, in the modes that refuse nothing else: one that is frozen while it holds the node's lock
 * keeps the agents of all other Pods waiting.
 */
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { admitted } from '../../support/admitted.ts'
import { type Agent, KERNELSEAL, startAgent } from '../../support/agent-under-test.ts'
import { type Container, endContainers, startContainer } from '../../support/containers.ts'
import { type PidNamespace, pidNamespace } from '../../support/pid-namespace.ts'

const bindings = (mode: string) => `
version: v1
policy: { mode: ${mode} }
secrets:
  - name: printer
    selector: { binary: /usr/bin/printenv, container: app }
    secretRefs: [{ name: TOKEN, source: { envRef: SOURCE } }]
`
const POD = '/sys/fs/cgroup/pod-of-agents-group'
const [AGENTS, OWN] = [`${POD}/agent`, `${POD}/own`]
/** What the kernel says of a group that is frozen, and of one that is not. */
const frozen = (group: string) => /^frozen (\d)$/m.exec(readFileSync(`${group}/cgroup.events`, 'latin1'))?.[1]

let program: string
let namespace: PidNamespace
let agent: Agent | undefined
let other: Container
before(async () => {
  for (const group of [AGENTS, OWN]) mkdirSync(group, { recursive: true })
  program = join(mkdtempSync(join(tmpdir(), 'kernelseal-grouped-')), 'agent')
  writeFileSync(program, `#!/bin/sh\necho $$ >${AGENTS}/cgroup.procs\nexec ${KERNELSEAL} "$@"\n`)
  chmodSync(program, 0o755)
  namespace = await pidNamespace()
})
after(async () => {
  writeFileSync(`${AGENTS}/cgroup.freeze`, '0')
  endContainers()
  await agent?.stop()
  await namespace.end()
})

async function agentIn(mode: string): Promise<void> {
  await agent?.stop()
  const source = { annotations: admitted(bindings(mode)), env: { SOURCE: 'of-a-frozen-agent-5' } }
  agent = await startAgent({ ...source, args: namespace.args, program })
}

/** By root of a container. @returns the shell's error, if any */
const write = (group: string, file: string, text: string): Promise<string> =>
  other.ask(`{ echo ${text} >${group}/${file} && echo written; } 2>&1`)

for (const mode of ['disabled', 'audit'])
  test(`with mode ${mode} a container freezes and ends its own group, and not the agent’s`, async () => {
    await agentIn(mode)
    other = startContainer(namespace, {})
    await other.begun()
    const child = await other.ask(`sleep 600 & echo $! >${OWN}/cgroup.procs; echo $!`)
    assert.match(child, /^\d+$/)
    for (const text of ['1', '0']) assert.equal(await write(OWN, 'cgroup.freeze', text), 'written')
    for (const [file, text] of [
      ['cgroup.freeze', '1'],
      ['cgroup.procs', '$$'],
    ] as const)
      assert.match(await write(AGENTS, file, text), /denied|not permitted/, file)
    if (readFileSync('/proc/version', 'latin1').match(/version 5\.10/) === null) {
      assert.match(await write(AGENTS, 'cgroup.kill', '1'), /denied|not permitted/)
      assert.equal(await write(OWN, 'cgroup.kill', '1'), 'written')
    }
    assert.equal(frozen(AGENTS), '0')
    await other.end()
  })
