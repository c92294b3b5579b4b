import assert from 'node:assert/strict'
import { it } from 'node:test'
import { joined } from '../../../agent/policy/text/joined.ts'

it('joins as Array.join does, cut at the limit', () => {
  const texts = ['one', '', 'two', 'three']
  const whole = texts.join('; ')
  for (let limit = 0; limit <= whole.length + 3; limit++) {
    const cut = joined(texts, '; ', limit)
    assert.ok(whole.startsWith(cut), cut)
    assert.ok(
      cut.length <= limit && cut.length >= Math.min(limit, whole.length) - '; '.length,
      `${cut.length} of ${limit}`,
    )
  }
  assert.equal(joined(texts, '; ', whole.length), whole)
})

it('asks for no text after the limit', () => {
  let asked = 0
  function* texts() {
    for (;;) {
      asked++
      yield 'x'.repeat(100)
    }
  }
  assert.equal(joined(texts(), ', ', 1000).length, 1000)
  assert.ok(asked <= 11, `${asked} texts`)
})
