/** Where the figures of the pictures come from: the agent's pages on their way out of the VM, and the admissions. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { keepPages, lineOf, pageIn } from '../../../scripts/demo.d/metrics-page.ts'
import { mix } from '../../../scripts/pictures.d/admissions.ts'
import { startRelay } from '../../../scripts/pictures.d/relay.ts'
import { agentRegistry } from '../deploy/exported.ts'
import { temporaryFolder } from '../temporary.ts'
import { inject } from '../webhook/fixtures.ts'

const folder = temporaryFolder('pictures')

it('a page of the agent is a line that a pipe takes as a whole', async () => {
  const page = await agentRegistry().metrics()
  const line = lineOf(page)
  assert.ok(line.length <= 4096, String(line.length))
  assert.equal(pageIn(line.trimEnd()), page)
  assert.equal(pageIn('metrics of another kind'), undefined)
})

it('the newest page is kept', async () => {
  const file = join(folder, 'kept')
  const stream = Readable.from([lineOf('first 1\n'), lineOf('second 2\n')])
  keepPages(stream, file)
  while (!stream.readableEnded) await sleep(5)
  await sleep(20)
  assert.equal(readFileSync(file, 'utf8'), 'second 2\n')
})

it('a relay without a page is no target, and one with a page answers as the agent', async () => {
  const file = join(folder, 'metrics')
  const relay = await startRelay(file)
  try {
    const url = `http://127.0.0.1:${relay.port}/metrics`
    assert.equal((await fetch(url)).status, 503)
    keepPages(Readable.from([lineOf('up 1\n')]), file)
    while ((await fetch(url)).status !== 200) await sleep(5)
    assert.equal(await (await fetch(url)).text(), 'up 1\n')
  } finally {
    relay.close()
  }
})

it('the admissions have the outcomes that an installation has', () => {
  const outcomes = mix().map((pod) => {
    const { kind, reason } = inject(pod)
    return `${kind} ${reason}`
  })
  const count = (outcome: string): number => outcomes.filter((one) => one === outcome).length
  const expected = ['inject injected', 'skip no-bindings', 'skip opted-out', 'deny bad-annotation']
  assert.deepEqual(expected.map(count), [9, 1, 1, 1])
})
