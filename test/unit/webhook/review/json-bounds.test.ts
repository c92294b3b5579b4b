import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { beyondBounds, MAX_DEPTH, MAX_NUMERIC, MAX_VALUES } from '../../../../webhook/review/json-bounds.ts'

const judge = (text: string) => beyondBounds(Buffer.from(text))
const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`

describe('a body', () => {
  it('may nest as deep as the limit, and no deeper', () => {
    assert.equal(judge(nested(MAX_DEPTH)), undefined)
    assert.match(judge(nested(MAX_DEPTH + 1))!, /^nests deeper than 128, at byte 128$/)
    assert.match(judge('{"a":'.repeat(MAX_DEPTH + 1))!, /deeper/)
  })

  it('may have as many values as the limit, and no more', () => {
    const list = (count: number) => `[${Array.from({ length: count }, () => '1').join(',')}]`
    assert.equal(judge(list(MAX_VALUES)), undefined)
    assert.match(judge(list(MAX_VALUES + 1))!, /has more than 500000 values/)
  })

  it('may have as many keys that begin with a digit as the limit, escaped or not; values are free', () => {
    const keys = (count: number, of: (index: number) => string) =>
      `{${Array.from({ length: count }, (_, index) => `"${of(index)}" : "1"`).join(',')}}`
    for (const name of [(i: number) => `${i}`, (i: number) => `\\u0031${i}`]) {
      assert.equal(judge(keys(MAX_NUMERIC, name)), undefined)
      assert.match(judge(keys(MAX_NUMERIC + 1, name))!, /has more than 4096 keys that begin with a digit/)
    }
    assert.equal(judge(keys(2 * MAX_NUMERIC, (i) => `a${i}`)), undefined)
    assert.equal(judge(JSON.stringify(Array.from({ length: 2 * MAX_NUMERIC }, (_, i) => `${i}`))), undefined)
  })

  it('of any JSON is counted by its structure, not by the content of its strings', () => {
    const deepest = (value: unknown): number =>
      typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(deepest)) : 0
    const value = fc.jsonValue({ maxDepth: 12 })
    const text = fc.string({ unit: fc.constantFrom('[', '{', '"', '\\', ',', 'a', 'ö') })
    fc.assert(
      fc.property(value, text, (inner, string) => {
        const around = [...nested(MAX_DEPTH - 20)].filter((one) => one === '[').length
        let whole: unknown = { [string]: inner, string }
        for (let i = 0; i < around; i++) whole = [whole]
        assert.equal(judge(JSON.stringify(whole)) !== undefined, deepest(whole) > MAX_DEPTH)
      }),
    )
  })

  it('that ends inside a string or an escape is counted to its end', () => {
    for (const text of ['"', '"\\', '["a', '', '\\"[']) assert.equal(judge(text), undefined)
  })
})
