/** `kernelseal attack` on a node that has agents: it leaves them alone, and others come while it runs. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { type Agent, kernelseal, startAgent } from '../support/agent-under-test.ts'
import { type PidNamespace, pidNamespace } from '../support/pid-namespace.ts'

const KERNELSEAL = new URL('../../node_modules/.bin/kernelseal', import.meta.url).pathname
const config = `
version: v1
policy: { mode: enforce }
secrets:
  - name: neighbour
    selector: { binary: /usr/bin/printenv }
    secretRefs: [{ name: TOKEN, source: { value: neighbours-secret } }]
`
const spaces: PidNamespace[] = []
const agents: Agent[] = []

async function neighbour(): Promise<void> {
  const space = await pidNamespace()
  spaces.push(space)
  agents.push(await startAgent({ config, args: space.args }))
}

const livingScopes = () => kernelseal(['status']).stdout.match(/enforce\s+alive/g)?.length ?? 0

before(neighbour)

after(async () => {
  for (const agent of agents) await agent.stop()
  for (const space of spaces) await space.end()
})

test('the suite runs beside an agent of another namespace, lets a third start, and leaves nothing', async () => {
  assert.equal(livingScopes(), 1)
  const options = ['attack', '--rows', '2,6', '--as', 'root', '--disruptive', '--json', '--verbose']
  const suite = spawn(KERNELSEAL, options, { stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = once(suite, 'exit')
  const document = text(suite.stdout)
  let progress = ''
  suite.stderr.on('data', (chunk) => {
    progress += chunk
  })
  while (!progress.includes('attacking a canary, sealed') && suite.exitCode === null) await once(suite.stderr, 'data')
  await neighbour()
  assert.deepEqual(await ended, [0, null], progress)
  const { counts } = JSON.parse(await document)
  assert.deepEqual([counts.leaked, counts.unproved], [0, 0])
  assert.ok(counts.refused > 0)
  assert.equal(livingScopes(), 2)
})

test('an interrupted suite ends with the status of the signal, and takes its scope along', async () => {
  const suite = spawn(KERNELSEAL, ['attack', '--rows', '2', '--as', 'root', '--verbose'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const ended = once(suite, 'exit')
  let progress = ''
  suite.stderr.on('data', (chunk) => {
    progress += chunk
  })
  while (!progress.includes('attacking a canary, sealed') && suite.exitCode === null) await once(suite.stderr, 'data')
  suite.kill('SIGTERM')
  assert.deepEqual(await ended, [143, null], progress)
  assert.equal(livingScopes(), 2)
})
