/**
 * In the virtual machine, started by agent.test.ts: the Pod of test/kernel/identity/pod.test.ts, its agent from the image in the folder
 * IMAGE, with the container the webhook wrote: these capabilities, a read-only root, not privileged.
 */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { AGENT_CONTAINER } from '../../agent/policy/sidecar.ts'
import { AGENT_IMAGE } from '../../scripts/demo.d/images.ts'
import { capabilitiesOf } from '../../scripts/demo.d/pod/capabilities.ts'
import { type RunningPod, startPod } from '../../scripts/demo.d/pod/kubelet.ts'
import type { Container, Image } from '../../scripts/demo.d/pod/spec.ts'
import { eventually } from '../support/agent-under-test.ts'
import { admitted, testImages } from '../support/pod-under-test.ts'
import type { ImageConfig } from './built.ts'

const FOLDER = process.env.IMAGE ?? ''
const SECRET = `image-secret-${randomBytes(16).toString('hex')}`
const digest = createHash('sha256').update(SECRET).digest('hex')
let container: Container
let pod: RunningPod

before(async () => {
  const spec = admitted()
  container = spec.spec.initContainers!.find(({ name }) => name === AGENT_CONTAINER)!
  const images = { ...testImages, [AGENT_IMAGE]: agentImage() }
  pod = await startPod(spec, { images, secrets: { login: { password: SECRET } } })
})

after(() => pod?.stop())

function agentImage(): Image {
  const { Entrypoint, Env } = JSON.parse(readFileSync(join(FOLDER, 'image.json'), 'utf8')) as ImageConfig
  const env = Object.fromEntries(Env.map((entry) => entry.split(/=(.*)/s) as [string, string]))
  return { root: join(FOLDER, 'rootfs'), entrypoint: Entrypoint, env }
}

test('an application beside the image’s agent has its values', async () => {
  const app = pod.container('app')
  await eventually('the server', () => app.log().includes('server has'))
  assert.match(app.log(), new RegExp(`printenv has ${digest}`))
  assert.match(app.log(), new RegExp(`server has ${digest}`))
})

test('the agent runs from the image on a read-only root, with exactly the capabilities of the webhook’s sidecar', () => {
  const { pid, rootfs, mounts } = pod.container(AGENT_CONTAINER)
  assert.deepEqual(readdirSync(join(rootfs, 'usr/local/bin')), ['kernelseal', 'node'])
  assert.match(mounts, /^\d+ \d+ \S+ \S+ \/ ro/m)
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const wanted = capabilitiesOf(container.securityContext).effective
  assert.equal(container.securityContext?.privileged, false)
  assert.deepEqual([wanted.length, bits(status, 'CapEff'), bits(status, 'CapBnd')], [7, 7, 7])
})

test('the agent ends when the runtime says so', async () => {
  const agent = pod.container(AGENT_CONTAINER)
  agent.signal('TERM')
  for (const end = Date.now() + 60_000; agent.running() && Date.now() < end; ) await sleep(200)
  assert.ok(!agent.running())
  assert.match(agent.log(), /signal received/)
})

/** How many capabilities are in a set of proc_pid_status(5). */
function bits(status: string, set: string): number {
  const mask = new RegExp(`^${set}:\\s*([0-9a-f]+)$`, 'm').exec(status)?.[1] ?? ''
  return [...BigInt(`0x${mask}`).toString(2)].filter((bit) => bit === '1').length
}
