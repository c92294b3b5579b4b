/** From `kubectl apply` to a running application, with KernelSeal and without, one Pod after the other on the same node. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { before, it } from 'node:test'
import { AGENT_CONTAINER } from '../../../agent/policy/sidecar.ts'
import { openShop, PATIENCE, template } from '../../node/shop.ts'
import { type Any, call, createPod, get, kubectl, must, podsOf, until } from '../../support/cluster/cluster.ts'
import { BINDING } from '../../support/cluster/pods.ts'
import { KINDS, type Kind, MARKS, type Mark, type Sample } from './samples.ts'

const PODS = Number(process.env.KERNELSEAL_PODS ?? 20)
const OUTPUT = process.env.KERNELSEAL_BENCH_OUTPUT

before(openShop)

it(`${PODS} Pods of each kind`, async () => {
  const samples: Sample[] = []
  for (let round = 0; round < PODS; round++) {
    // The first of a round alternates.
    for (const kind of round % 2 ? KINDS.toReversed() : KINDS) {
      const sample = await start(kind, `${kind}-${round}`)
      samples.push(sample)
      console.log(JSON.stringify(sample))
    }
  }
  assert.equal(samples.length, 2 * PODS)
  if (OUTPUT) writeFileSync(OUTPUT, JSON.stringify(samples))
})

async function start(kind: Kind, name: string): Promise<Sample> {
  const annotations = kind === 'sealed' ? BINDING : { ...BINDING, 'kernelseal.io/inject': 'false' }
  const { metadata, spec } = template(name, 'exec sleep 1000000', annotations)
  const began = performance.now()
  must(await createPod('shop', { metadata: { ...metadata, name }, spec }), name)
  const ms: Partial<Record<Mark, number>> = { admitted: performance.now() - began }
  const path = `${podsOf('shop')}/${name}`
  const isRunning = async (): Promise<boolean> => {
    const { status } = await get(path)
    for (const mark of MARKS) if (ms[mark] === undefined && HAPPENED[mark](status)) ms[mark] = performance.now() - began
    return ms.running !== undefined
  }
  await until(`${name} runs`, isRunning, PATIENCE)
  const deliveryNs = kind === 'sealed' ? await deliveryOf(name) : undefined
  await call('DELETE', path)
  await until(`${name} is gone`, async () => (await call('GET', path)).status === 404, PATIENCE)
  return { kind, ms, ...(deliveryNs === undefined ? {} : { deliveryNs }) }
}

const container = (status: Any, name: string): Any =>
  [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])].find((found) => found.name === name)

/** The Pod's status once it has come to that. */
const HAPPENED: Readonly<Record<Mark, (status: Any) => boolean>> = {
  admitted: () => true,
  agentStarted: (status) => container(status, AGENT_CONTAINER)?.state.running !== undefined,
  agentReady: (status) => container(status, AGENT_CONTAINER)?.started === true,
  running: (status) => container(status, 'app')?.state.running !== undefined,
}

/** Of the kernel's own delivery to the application. */
async function deliveryOf(name: string): Promise<number> {
  return until(
    'the agent has said what it delivered',
    async () => {
      const { stdout } = await kubectl(['-n', 'shop', 'logs', name, '-c', AGENT_CONTAINER])
      const line = stdout.split('\n').find((text) => text.includes('"tag":"INJECT"'))
      return line !== undefined && Number(JSON.parse(line).durationNs)
    },
    PATIENCE,
  )
}
