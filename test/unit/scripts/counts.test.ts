import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { outcomesIn } from '../../../scripts/lib/reporter.ts'
import { COUNTS, runsOf } from '../../../scripts/test-counts.d/counts.ts'
import { pageOf } from '../../../scripts/test-counts.d/page.ts'
import { type Result, stateOf, withResult } from '../../../scripts/test-counts.d/result.ts'

const ROOT = join(import.meta.dirname, '../../..')
const [run] = runsOf(['race-leader'])
const good: Result = {
  count: 'race-leader',
  kernel: '6.1',
  date: '2026-11-30',
  code: 'abc',
  seconds: 1200,
  passed: 1,
  failed: [],
  figures: ['leader: 20000 delivered of 20000, 5 reads, 5 refused, 0 leaked'],
}

describe('the table of counts', () => {
  it('names tests that there are, and variables that they read', () => {
    for (const { name, file, env, tests } of COUNTS) {
      const text = readFileSync(join(ROOT, 'test/stress', file), 'utf8')
      for (const variable of Object.keys(env))
        assert.ok(text.includes(`process.env.${variable}`), `${name}: ${variable}`)
      // Titles are templates: the one name in them that differs stands in a list beside.
      const chosen = /(leader|thread|listener|disabled|audit|enforce)/.exec(tests ?? '')?.[1]
      if (chosen) assert.ok(text.includes(`'${chosen}'`), `${name}: ${chosen}`)
    }
  })

  it('has each name once, and each count on kernels that scripts/vm knows', () => {
    assert.equal(new Set(COUNTS.map(({ name }) => name)).size, COUNTS.length)
    for (const { kernel } of runsOf([])) assert.match(kernel, /^(5\.10|6\.1|6\.12|latest)$/)
  })
})

describe('an outcome', () => {
  const line = (entry: object) => `${JSON.stringify(entry)}\n`

  it('has what passed, failed and was written', () => {
    const output =
      line({ said: '3 of 3' }) + line({ name: 'a', outcome: 'passed' }) + line({ name: 'b', outcome: 'failed' })
    assert.deepEqual(outcomesIn(output, 'status 1'), { passed: 1, skipped: 0, failed: ['b'], said: ['3 of 3'] })
  })

  it('of a machine that ended before its tests did is a failure', () => {
    const output = line({ name: 'a', outcome: 'passed' })
    assert.deepEqual(outcomesIn(output, 'the machine ended with status 124').failed, [
      'the machine ended with status 124',
    ])
  })
})

describe('the state of a count', () => {
  it('is that of its code alone', () => {
    assert.equal(stateOf(run!, 'abc', []), 'not run')
    assert.equal(stateOf(run!, 'abc', [good]), 'holds')
    assert.equal(stateOf(run!, 'abd', [good]), 'older code')
    assert.equal(stateOf(run!, 'abc', [{ ...good, passed: 0 }]), 'fails')
    assert.equal(stateOf(run!, 'abc', [{ ...good, failed: ['leader'] }]), 'fails')
  })

  it('is that of the newest result', () => {
    const results = withResult([good], { ...good, code: 'abd' })
    assert.deepEqual([results.length, stateOf(run!, 'abd', results)], [1, 'holds'])
  })
})

describe('the page', () => {
  it('says not run, holds, or why not', () => {
    assert.match(pageOf([]), /\(leader\) \| 6\.1 \| not run \|/)
    assert.match(pageOf([good]), /\| holds \(1 passed\) \| leader: 20000 .* \| 20 \| 2026-11-30 \| `abc` \|/)
    assert.match(pageOf([{ ...good, failed: ['seen'] }]), /\*\*does not hold\*\*: seen/)
  })

  it('is written from the results beside it', () => {
    assert.ok(existsSync(join(ROOT, 'docs/counts.md')))
    const results = JSON.parse(readFileSync(join(ROOT, 'docs/counts.json'), 'utf8'))
    assert.equal(readFileSync(join(ROOT, 'docs/counts.md'), 'utf8'), pageOf(results))
  })
})
