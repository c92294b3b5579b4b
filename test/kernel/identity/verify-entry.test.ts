/**
 * `verify: image` of an entrypoint, whose value its environment hands on to all that it starts: a program that is none of the image
 * has it taken out. Beside it a binding without `verify` shows that the value would have come.
 */
import assert from 'node:assert/strict'
import { copyFileSync, renameSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { admitted } from '../../support/admitted.ts'
import { type Agent, startAgent } from '../../support/agent-under-test.ts'
import { type Container, endContainers, startContainer } from '../../support/containers.ts'
import { type PidNamespace, pidNamespace } from '../../support/pid-namespace.ts'

const [VERIFIED, OPEN] = ['verified-value-4e0c17', 'open-value-91b2aa03']
const [ADDED, REPLACED] = ['/usr/local/bin/kernelseal-added-env', '/usr/bin/tac']
const BINDINGS = `
- name: verified
  selector: { container: app, verify: image }
  secretRefs: [{ name: PASSWORD, source: { envRef: VERIFIED } }]
- name: open
  selector: { container: app }
  secretRefs: [{ name: FREE, source: { envRef: OPEN } }]
`
let namespace: PidNamespace
let agent: Agent
let app: Container

before(async () => {
  copyFileSync('/usr/bin/env', ADDED)
  namespace = await pidNamespace()
  agent = await startAgent({ annotations: admitted(BINDINGS), env: { VERIFIED, OPEN }, args: namespace.args })
  app = startContainer(namespace, agent.placeholders)
  await app.begun()
})
after(async () => {
  endContainers()
  await agent.stop()
  await namespace.end()
})

test('the entrypoint and a program of the image that it starts have the value', async () => {
  assert.equal(await app.ask('echo $PASSWORD $FREE'), `${VERIFIED} ${OPEN}`)
  assert.match(await app.ask('/usr/bin/env'), new RegExp(`^PASSWORD=${VERIFIED}$`, 'm'))
})

test('one that was added, or put in the place of one of the image, has not', async () => {
  copyFileSync('/usr/bin/env', `${REPLACED}.new`)
  renameSync(`${REPLACED}.new`, REPLACED)
  for (const program of [ADDED, REPLACED]) {
    const said = await app.ask(program)
    assert.match(said, new RegExp(`^FREE=${OPEN}$`, 'm'), 'without verify it has the value')
    assert.match(said, /^PASSWORD=$/m)
    assert.ok(!said.includes(VERIFIED))
  }
})
