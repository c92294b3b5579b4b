/**
 * Which 8 bytes of each value the kernel looks for in the environments of programs below a seal (bpf/seal/search.h), pure. Any 8 bytes
 * do, since a match is compared as a whole; the rarer they are, the less is compared.
 */
import { LIMIT } from '../wire/generated.ts'

const WORD = 8
/** Places looked at for the best 8 bytes: those of a longer value are no better. */
const MOST_PLACES = 512

interface Value {
  /** Number in `secret_values`. */
  readonly value: number
  readonly bytes: Buffer
  /** Bindings that give it. */
  readonly bindings: bigint
}

export interface Needle extends Omit<Value, 'bytes'> {
  readonly length: number
  /** Of the 8 bytes in the value. */
  readonly offset: number
  readonly word: bigint
  readonly rank: number
}

/** None for a value below 8 bytes: it would be found everywhere. Values that are the same have one together. */
export function needlesOf(values: readonly Value[]): Needle[] {
  const taken = new Map<bigint, number>()
  return merged(values).flatMap(({ value, bytes, bindings }) => {
    const offset = bestPlace(bytes, taken)
    if (offset === undefined) return []
    const word = bytes.readBigUInt64LE(offset)
    const rank = taken.get(word) ?? 0
    taken.set(word, rank + 1)
    return rank < LIMIT.NEEDLE_RANKS ? [{ value, bindings, length: bytes.length, offset, word, rank }] : []
  })
}

/** By KS_SIEVE_HASH of bpf/lib/wire/value.h: the upper 12 bits of a product that wraps at 64. */
export function sieveOf(needles: readonly Needle[]): Buffer {
  const bits = Buffer.alloc(LIMIT.SIEVE_WORDS * WORD)
  for (const { word } of needles) {
    const hash = Number(BigInt.asUintN(64, word * 0x9e3779b97f4a7c15n) >> 52n)
    bits[hash >> 3]! |= 1 << (hash & 7)
  }
  return bits
}

function merged(values: readonly Value[]): Value[] {
  const byContent = new Map<string, Value>()
  for (const value of values) {
    const content = value.bytes.toString('latin1')
    const known = byContent.get(content)
    byContent.set(content, known ? { ...known, bindings: known.bindings | value.bindings } : value)
  }
  return [...byContent.values()]
}

/** Of the places that no other value has its word at, the one with the most different bytes. */
function bestPlace(bytes: Buffer, taken: ReadonlyMap<bigint, number>): number | undefined {
  const places = Array.from({ length: Math.min(bytes.length - WORD + 1, MOST_PLACES) }, (_, i) => i)
  const worth = (at: number): number => {
    const used = taken.get(bytes.readBigUInt64LE(at)) ?? 0
    return new Set(bytes.subarray(at, at + WORD)).size - used * WORD
  }
  return bytes.length < WORD ? undefined : places.reduce((best, at) => (worth(at) > worth(best) ? at : best), 0)
}
