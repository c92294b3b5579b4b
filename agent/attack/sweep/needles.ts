/**
 * The needles of a sweep. Each place of the target holds a token of 8 characters, again and again, so that any 8 bytes of that
 * place are one of its 8 rotations. Fewer than 8 would turn up by chance: 4 random bytes do once in 4 GiB, and a sweep with
 * eight rotations of five tokens reads that much; 8 characters out of 62 do once in 2^47 bytes.
 */
import { createHash, randomBytes } from 'node:crypto'

/** Where the target keeps a token: `call` as arguments of the system calls it makes, `name` as the name of a file it maps. */
export const PLACES = ['environment', 'heap', 'call', 'file', 'name'] as const
export type Place = (typeof PLACES)[number]
export type Tokens = Readonly<Record<Place, string>>

const TOKEN = 8
const REPEATS = 8
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** The value of the target's variable; everything else follows from it. */
export function newSweepNeedle(): Buffer {
  return repeated(textOf(randomBytes(TOKEN)))
}

/** The same for the target, which has the value, and for the sweep, which made it up. */
export function tokensOf(value: string): Tokens {
  const environment = value.slice(0, TOKEN)
  const derived = (place: Place) => textOf(createHash('sha256').update(`${environment} ${place}`).digest())
  return Object.fromEntries(
    PLACES.map((place) => [place, place === 'environment' ? environment : derived(place)]),
  ) as unknown as Tokens
}

export function repeated(token: string): Buffer {
  return Buffer.from(token.repeat(REPEATS))
}

function textOf(bytes: Buffer): string {
  return [...bytes.subarray(0, TOKEN)].map((byte) => ALPHABET[byte % ALPHABET.length]).join('')
}

/** The place that the bytes show, if they show one: as they are, or as a number in hex, as procfs prints registers. */
export type Finder = (bytes: Buffer) => Place | undefined

/**
 * One pass over the bytes for all patterns: a table of the pairs that a pattern begins with sorts nearly every place out. A search for
 * each pattern by itself takes fifteen times as long, and looking is most of a sweep's work.
 */
export function finderOf(tokens: Tokens): Finder {
  const patterns = PLACES.flatMap((place) => patternsOf(tokens[place]).map((pattern) => ({ place, pattern })))
  const begins = new Uint8Array(1 << 16)
  for (const { pattern } of patterns) begins[pattern.readUInt16LE()] = 1
  const startsWith = (bytes: Buffer, at: number) =>
    patterns.find(({ pattern }) => bytes.subarray(at, at + pattern.length).equals(pattern))?.place
  return (bytes) => {
    for (let at = 0; at + TOKEN <= bytes.length; at++) {
      const place = begins[bytes[at]! | (bytes[at + 1]! << 8)] && startsWith(bytes, at)
      if (place) return place
    }
    return undefined
  }
}

function patternsOf(token: string): Buffer[] {
  const raw = Array.from({ length: TOKEN }, (_, i) => Buffer.from(token.slice(i) + token.slice(0, i)))
  return [...raw, ...raw.map((bytes) => Buffer.from(bytes.readBigUInt64LE().toString(16)))]
}
