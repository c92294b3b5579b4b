/** Starts under fire from every way of rows 1 to 3. The numbers of the long run: KERNELSEAL_STARTS=10000. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startAgent } from '../support/agent-under-test.ts'
import { configFrom, startMany, startReader } from '../support/fire.ts'

const STARTS = Number(process.env.KERNELSEAL_STARTS ?? 1000)
const STARTERS = 4
const SECRET = 'hammered-secret-7d1f0c9a52'
const config = configFrom('envRef: SOURCE')

async function hammer(ways: readonly string[], starts: number) {
  const agent = await startAgent({ config, env: { SOURCE: SECRET } })
  const readers = ways.map((way) => startReader(way, SECRET))
  const begun = Date.now()
  const result = await startMany(starts, STARTERS, agent.placeholders.PASSWORD as string, SECRET)
  const seconds = Math.round((Date.now() - begun) / 1000)
  const reads = await Promise.all(readers.map((reader) => reader.stop()))
  const failed = await agent.metric('kernelseal_delivery_failed_total')
  const injected = await agent.metric('kernelseal_secrets_injected_total')
  const tier = /refusal tier \S+, delivery tier \w+/.exec(agent.log())?.[0]
  await agent.stop()
  console.log(`${tier}: ${starts} starts in ${seconds} s: ${JSON.stringify(result)}`)
  for (const [i, way] of ways.entries()) console.log(`  ${way}: ${JSON.stringify(reads[i])}`)
  return { result, reads, failed, injected }
}

test(`${STARTS} starts while environ, task, mem and process_vm_readv are tried: all delivered, none seen`, async () => {
  const { result, reads, injected } = await hammer(['environ', 'task', 'mem', 'readv'], STARTS)
  assert.deepEqual(result, { delivered: STARTS, killed: 0, other: 0 })
  for (const { refused, leaked } of reads) {
    assert.equal(leaked, 0)
    assert.ok(refused > 0, 'this reader never met a sealed process: it proved nothing')
  }
  assert.equal(injected, STARTS)
})

test('starts while tracers and samplers attach to everything: delivered or killed, never seen', async () => {
  const starts = STARTS / 10
  const { result, reads, failed } = await hammer(['seize', 'perf'], starts)
  assert.equal(result.other, 0)
  assert.equal(result.delivered + result.killed, starts)
  assert.ok(failed >= result.killed)
  for (const { leaked } of reads) assert.equal(leaked, 0)
})
