import assert from 'node:assert/strict'
import { it } from 'node:test'
import { findReference, templateParts } from '../../../../agent/policy/secrets/template.ts'
import { readDocument } from '../../../../agent/policy/text/document.ts'

it('refuses a text in which thousands of keys stand below a very long one', () => {
  const below = Array.from({ length: 8000 }, (_, i) => `k${String(i).padStart(4, '0')}: `).join(', ')
  const text = `? "${'A'.repeat(20_000)}"\n: {${below}}`
  assert.throws(() => readDocument(text, 'annotation'), /has keys that are too long/)
})

it('takes a long key as such, for the words of the refusal that it gets', () => {
  const { lineOf } = readDocument(`a: 1\n? "${'A'.repeat(20_000)}"\n: {b: 1}`, 'annotation')
  assert.equal(lineOf(`${'A'.repeat(20_000)}.b`), 3)
})

it('makes the parts of a text one by one', () => {
  const parts = templateParts(`$(${'a$$'.repeat(1000)}`)
  assert.deepEqual(parts.next().value, { kind: 'text', text: '$(a' })
  assert.deepEqual(parts.next().value, { kind: 'text', text: '$' })
})

// Looking for the `)` at each of them would take hours.
it('reads a text of nothing but openings', () => {
  assert.equal([...templateParts('$('.repeat(1_000_000))].length, 1)
})

it('stops at the first reference that is wanted', () => {
  const asked: string[] = []
  const wanted = (name: string) => asked.push(name) === 2
  assert.equal(findReference('$(ONE) $$(NOT) $(TWO) $(THREE)', wanted), 'TWO')
  assert.deepEqual(asked, ['ONE', 'TWO'])
})
