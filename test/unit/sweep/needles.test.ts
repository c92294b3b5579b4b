import assert from 'node:assert/strict'
import { test } from 'node:test'
import { finderOf, newSweepNeedle, PLACES, repeated, tokensOf } from '../../../agent/attack/sweep/needles.ts'

const tokens = tokensOf(newSweepNeedle().toString())
const find = finderOf(tokens)

test('every place has a token of its own, which follows from the variable', () => {
  assert.equal(new Set(Object.values(tokens)).size, PLACES.length)
  assert.deepEqual(tokensOf(repeated(tokens.environment).toString()), tokens)
})

test('any 8 bytes of a place are found, and say which place', () => {
  for (const place of PLACES) {
    const memory = repeated(tokens[place])
    for (let at = 0; at + 8 <= memory.length; at++) assert.equal(find(memory.subarray(at, at + 8)), place)
  }
})

test('a register that procfs prints in hex is found', () => {
  const word = Buffer.from(tokens.call).readBigUInt64LE()
  assert.equal(find(Buffer.from(`230 0x1 0x${word.toString(16)} 0x7ffd 0x55\n`)), 'call')
})

test('seven bytes are not: they would turn up by chance', () => {
  assert.equal(find(Buffer.from(`${tokens.heap.slice(0, 7)} `)), undefined)
})

test('bytes that hold nothing show nothing', () => {
  assert.equal(find(Buffer.alloc(1 << 20)), undefined)
})
