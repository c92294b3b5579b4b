/**
 * Many sealed Pods on one node: were there a set of programs for each, more than the 38 that the kernel lets one hook have
 * (BPF_MAX_TRAMP_LINKS of include/linux/bpf.h). Long, so not part of the stories:
 * `scripts/test-cluster --node test/node-scale/many.test.ts`, with KERNELSEAL_PODS for another number. Emulated, on two cores
 * that do nothing else, it takes three quarters of an hour; on busy ones the last agents are not ready within their 300 s.
 */
import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import { READ_ENVIRON, SCRIPT, saysOf } from '../node/application.ts'
import { programsOfKernel, status } from '../node/node.ts'
import { allOf, openShop, PASSWORD, remove, template, writtenIn } from '../node/shop.ts'
import { type Any, call, get, kubectl, must, patch, podsOf, until } from '../support/cluster/cluster.ts'
import { BINDING } from '../support/cluster/pods.ts'

const PODS = Number(process.env.KERNELSEAL_PODS ?? 60)
/**
 * Started at a time. Emulated, the kubelet of three dozen Pods leaves so little that of six agents which start at once none is
 * ready within the 300 s it may have.
 */
const STEP = 3
/** For a step, and for the end of all. */
const SECONDS = 3600
const DEPLOYMENT = `${allOf('deployments')}/many`

before(openShop)

it(`${PODS} sealed Pods run on one node, with one set of programs`, async (test) => {
  const pod = template('many', SCRIPT, { ...BINDING, 'kernelseal.io/agent-memory-request': '32Mi' })
  const spec = { replicas: 0, selector: { matchLabels: { app: 'many' } }, template: pod }
  must(await call('POST', allOf('deployments'), { metadata: { name: 'many' }, spec }), 'the Deployment')
  const began = Date.now()
  await grow(1)
  const ofOne = await programsOfKernel()
  for (const program of (await status()).programs) assert.ok(ofOne.includes(program), program)
  for (let replicas = 1; replicas < PODS; ) {
    replicas = Math.min(replicas + STEP, PODS)
    await grow(replicas)
    test.diagnostic(`${replicas} Pods after ${Math.round((Date.now() - began) / 1000)} s`)
  }
  const { scopes } = await status()
  test.diagnostic(`${ofOne.length} programs with their functions, ${scopes.length} scopes`)
  assert.equal(scopes.length, PODS)
  assert.deepEqual(await programsOfKernel(), ofOne)
  for (const name of await names()) await check(name)
  await remove('deployments', 'many')
  await until('no scope is left', async () => (await scopesLeft()) === 0, SECONDS)
})

async function grow(replicas: number): Promise<void> {
  await patch(DEPLOYMENT, { spec: { replicas } })
  const available = async () => (await get(DEPLOYMENT)).status.availableReplicas === replicas
  await until(`${replicas} are available`, available, SECONDS)
}

const names = async (): Promise<string[]> =>
  (await get(`${podsOf('shop')}?labelSelector=app%3Dmany`)).items.map(({ metadata }: Any) => metadata.name)

async function check(pod: string): Promise<void> {
  assert.match(await writtenIn(pod), saysOf(PASSWORD), pod)
  const { stderr } = await kubectl(['-n', 'shop', 'exec', pod, '-c', 'app', '--', ...READ_ENVIRON])
  assert.match(stderr, /Operation not permitted/, pod)
}

/** Where nothing is pinned any more there is nothing that could be asked. */
async function scopesLeft(): Promise<number> {
  const survey = await status()
  return survey?.scopes.length ?? 0
}
