/** Whole collections of a process that answers: counted in a process with V8's own growth, and in one with ours. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { it } from 'node:test'

/** NODE_OPTIONS of deploy/base. */
const SHIPPED = ['--max-semi-space-size=2', '--max-old-space-size=192']
const MODULE = join(import.meta.dirname, '../../../../webhook/budget/collect-seldom.ts')

/** Twenty megabytes that stay, as the webhook's, and 600 that live for a while, as reviews that arrive together. */
const WORK = `
  import { PerformanceObserver } from 'node:perf_hooks'
  import { setTimeout as sleep } from 'node:timers/promises'
  const MAJOR = 4
  let majors = 0
  new PerformanceObserver((list) => {
    for (const { detail } of list.getEntries()) if (detail.kind === MAJOR) majors++
  }).observe({ entryTypes: ['gc'] })
  const megabyte = () => Array.from({ length: 10_000 }, (_, n) => ({ n, text: 'review ' + n }))
  const kept = Array.from({ length: 20 }, megabyte)
  const passing = []
  for (let n = 0; n < 600; n++) {
    passing[n % 4] = megabyte()
    if (n % 10 === 0) await sleep(1)
  }
  await sleep(50)
  console.log(kept.length + passing.length, majors)
`

function majors(first: string): number {
  const args = [...SHIPPED, '--input-type=module', '-e', `${first}\n${WORK}`]
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  // V8 says so of a flag that it does not know (any more), and goes on.
  assert.equal(stderr, '')
  return Number(stdout.trim().split(' ')[1])
}

it('the heap is collected far less often than V8 would by itself', (test) => {
  const [own, ours] = [majors(''), majors(`import { collectSeldom } from '${MODULE}'; collectSeldom()`)]
  test.diagnostic(`${own} whole collections, then ${ours}`)
  assert.ok(own >= 4, `${own}: there was nothing to collect`)
  assert.ok(ours * 5 < own * 3, `${ours} whole collections, and ${own} without it`)
})
