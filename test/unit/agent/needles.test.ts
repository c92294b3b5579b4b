/** Which bytes of a value the kernel looks for. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { needlesOf, sieveOf } from '../../../agent/scope/needles.ts'

const value = (text: string, number = 1, bindings = 1n) => ({ value: number, bytes: Buffer.from(text), bindings })

test('a value of 8 bytes has one needle, a shorter one none', () => {
  const [needle, ...others] = needlesOf([value('12345678')])
  assert.deepEqual(others, [])
  assert.equal(needle?.word, Buffer.from('12345678').readBigUInt64LE())
  assert.deepEqual(needlesOf([value('1234567')]), [])
})

test('of values that begin alike the needles differ, so that what they have in common is not found in all', () => {
  const needles = needlesOf([value('postgres://app:one@db'), value('postgres://app:two@db', 2)])
  assert.equal(new Set(needles.map(({ word }) => word)).size, 2)
  assert.deepEqual(
    needles.map(({ rank }) => rank),
    [0, 0],
  )
})

test('a needle stands where it says, in text that repeats itself too', () => {
  for (const text of [randomBytes(3000).toString('hex'), 'a'.repeat(1000), 'aaaaaaaab'.repeat(20)]) {
    const { offset, word, length } = needlesOf([value(text)])[0]!
    assert.equal(Buffer.from(text).readBigUInt64LE(offset), word)
    assert.equal(length, text.length)
  }
})

test('two bindings that give the same bytes share a needle', () => {
  const needles = needlesOf([value('the same value', 1, 1n), value('the same value', 2, 4n)])
  assert.deepEqual(
    needles.map(({ bindings }) => bindings),
    [5n],
  )
})

test('values whose every word is another’s are told apart by rank, and beyond four not looked for', () => {
  const texts = Array.from({ length: 6 }, (_, i) => 'a'.repeat(8 + i))
  assert.deepEqual(
    needlesOf(texts.map((text, i) => value(text, i + 1))).map(({ rank }) => rank),
    [0, 1, 2, 3],
  )
})

test('the sieve has a bit for every needle, where the kernel’s hash puts it', () => {
  const word = 0x3837363534333231n
  const hash = ((word * 0x9e3779b97f4a7c15n) % 2n ** 64n) >> 52n
  const bits = sieveOf(needlesOf([value('12345678')]))
  assert.equal(bits.readBigUInt64LE(Number(hash / 64n) * 8), 1n << (hash % 64n))
  assert.equal(
    bits.reduce((sum, byte) => sum + byte, 0),
    1 << Number(hash % 8n),
  )
})
