import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rebuildStack } from '../../../agent/delivery/initial-stack.ts'

const SP = 0x7ffc_0000_1000n
const strings = new Map<bigint, string>([
  [0x7ffc_0000_2000n, 'HOME=/root'],
  [0x7ffc_0000_2010n, 'TOKEN=stale'],
])
const words = (...values: bigint[]): Buffer => {
  const bytes = Buffer.alloc(values.length * 8)
  values.forEach((value, i) => void bytes.writeBigUInt64LE(value, i * 8))
  return bytes
}
/** One argument, two variables, AT_PAGESZ and AT_NULL; the bytes above are not looked at. */
const stack = {
  sp: SP,
  bytes: words(1n, 0x7ffc_0000_1ff0n, 0n, ...strings.keys(), 0n, 6n, 4096n, 0n, 0n, 0xdeadn),
}
const nameOf = (address: bigint): string => strings.get(address)?.split('=')[0] ?? ''
const rebuilt = (variables: Record<string, string>) =>
  rebuildStack(stack, new Map(Object.entries(variables).map(([name, value]) => [name, Buffer.from(value)])), nameOf)
const word = (bytes: Buffer, i: number): bigint => bytes.readBigUInt64LE(i * 8)

describe('a rebuilt initial stack', () => {
  it('ends where the old one begins, and is aligned to 16 bytes', () => {
    for (const value of ['', 'x', 'x'.repeat(15), 'x'.repeat(1000)]) {
      const { sp, bytes } = rebuilt({ NEW: value })
      assert.equal(sp % 16n, 0n)
      assert.equal(sp + BigInt(bytes.length), SP)
    }
  })

  it('keeps argc, argv and auxv, and puts the new variable first', () => {
    const { sp, bytes } = rebuilt({ NEW: 'value' })
    assert.deepEqual(
      [0, 1, 2].map((i) => word(bytes, i)),
      [1n, 0x7ffc_0000_1ff0n, 0n],
    )
    const at = Number(word(bytes, 3) - sp)
    assert.equal(bytes.toString('latin1', at, at + 10), 'NEW=value\0')
    assert.deepEqual(
      [4, 5, 6].map((i) => word(bytes, i)),
      [...strings.keys(), 0n],
    )
    assert.deepEqual(
      [7, 8, 9, 10].map((i) => word(bytes, i)),
      [6n, 4096n, 0n, 0n],
    )
  })

  it('drops a variable of the same name', () => {
    const { bytes } = rebuilt({ TOKEN: 'fresh' })
    assert.deepEqual(
      [4, 5].map((i) => word(bytes, i)),
      [0x7ffc_0000_2000n, 0n],
    )
  })

  it('is refused where the memory is no initial stack, or cut short', () => {
    assert.throws(() => rebuildStack({ sp: SP, bytes: words(3n, 1n, 0n, 0n) }, new Map(), nameOf), /argc is 3/)
    assert.throws(
      () => rebuildStack({ sp: SP, bytes: words(1n, 1n, 0n, 5n) }, new Map(), nameOf),
      /longer than what was read/,
    )
  })
})
