/**
 * The container of the agent that starts again becomes the agent, and may read the values of all Pods of the node: another container of its
 * Pod may not write into it before. Who writes has Node require a script, by an environment variable.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { admitted } from '../../support/admitted.ts'
import { type AgentImage, agentImage, IN_POD } from '../../support/agent-image.ts'
import { type Agent, eventually, kernelseal, startAgent } from '../../support/agent-under-test.ts'
import { endContainers, startContainer } from '../../support/containers.ts'
import { type PidNamespace, pidNamespace } from '../../support/pid-namespace.ts'
import { overwriting, type Starting, startingBy, waiting } from '../../support/starting/starting.ts'

const SECRET = 'of-another-pod-altogether-90'
const bindings = (mode: string) => `
version: v1
policy: { mode: ${mode} }
secrets:
  - name: printer
    selector: { binary: /usr/bin/printenv, container: app }
    secretRefs: [{ name: TOKEN, source: { envRef: SOURCE } }]
`
const annotations = (mode: string) => admitted(bindings(mode))
const SCRIPT = '/run/e.cjs'
/** As the runtime's own variables are: no text is longer than the one before. */
const ENV = { KUBERNETES_SERVICE_PORT_HTTPS: '443' }
const CHANGES = { 'KUBERNETES_SERVICE_PORT_HTTPS=443': `NODE_OPTIONS=--require=${SCRIPT}` }

/** Enrols, and prints the map of all values. */
const enrolling = (scope: string, agent = join(import.meta.dirname, '../../../agent')): string => `
(async () => {
  const pins = await import('${agent}/node/pins.ts')
  const { enrollBy, openOwnProgram } = await import('${agent}/node/enroll.ts')
  const { BpfMap } = await import('${agent}/libbpf/map.ts')
  enrollBy(openOwnProgram(pins.programPin('agent_enroll')), ${scope})
  const values = BpfMap.pinned('secret_values', pins.mapPin('secret_values'), 'write')
  for (const key of values.keys()) console.log('has', values.get(key).toString('latin1'))
  process.exit(0)
})()`

const MODES = ['disabled', 'audit', 'enforce'] as const
let image: AgentImage
let good: { readonly space: PidNamespace; readonly agent: Agent }
const hostile = new Map<string, PidNamespace>()

before(async () => {
  image = agentImage()
  const space = await pidNamespace()
  const source = { annotations: annotations('enforce'), env: { SOURCE: SECRET } }
  good = { space, agent: await startAgent({ ...source, args: space.args }) }
  for (const mode of MODES) hostile.set(mode, await podWithoutAgent(mode))
})
after(async () => {
  endContainers()
  rmSync(SCRIPT, { force: true })
  await good.agent.stop()
  for (const space of [good.space, ...hostile.values()]) await space.end()
  kernelseal(['unload', '--force'])
})

/** Whose agent was ended, as the kernel does that is out of memory. */
async function podWithoutAgent(mode: string): Promise<PidNamespace> {
  const space = await pidNamespace()
  const source = { annotations: annotations(mode), env: { SOURCE: 'its-own' } }
  const { pid } = await startAgent({ ...source, program: image.agent(space.init) })
  const child = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1'))
  process.kill(child, 'SIGKILL')
  await eventually('its end', () => !existsSync(`/proc/${child}`))
  return space
}

/** @returns the output of `attack`, and that of the agent's container after it */
async function attacked({ init }: PidNamespace, attack: (target: Starting) => Promise<string> | string) {
  const scope = /\d+/.exec(readlinkSync(`/proc/${init}/ns/pid`))![0]
  writeFileSync(SCRIPT, enrolling(scope))
  const runtime = image.runtime(init, '/kernelseal version', waiting(IN_POD).join(' '))
  const target = await startingBy([runtime], ENV)
  const said = await attack(target)
  assert.equal(await target.go('no program of this test'), false)
  return { said, printed: target.said() }
}

for (const mode of MODES)
  for (const how of ['direct', 'joined', 'nested'] as const)
    test(`${how}: with mode ${mode} no other container writes into the agent’s that starts`, async () => {
      const space = hostile.get(mode)!
      const other = startContainer(space, {})
      await other.begun()
      const { said, printed } = await attacked(space, ({ inner }) => other.ask(overwriting(how, inner, CHANGES)))
      await other.end()
      assert.doesNotMatch(printed, new RegExp(SECRET))
      assert.match(said, /^refused: .*(Permission denied|Operation not permitted)/)
      assert.match(printed, /^kernelseal \d/m)
    })

test('outside of the Pod, where root is the machine’s, the same texts make an agent that has all values', async () => {
  const { said, printed } = await attacked(hostile.get('enforce')!, ({ outer }) => {
    const line = overwriting('direct', outer, CHANGES)
    return spawnSync('unshare', ['--mount', 'sh', '-c', line], { encoding: 'latin1' }).stdout
  })
  assert.match(said, /^wrote [1-9]/)
  assert.match(printed, new RegExp(`^has ${SECRET}`, 'm'))
})
