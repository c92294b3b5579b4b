/**
 * Policy and values → the entries of the kernel's maps, pure. Bindings are numbered by their place in the config;
 * a set of bindings is a 64-bit word.
 */
import { createHash } from 'node:crypto'
import { pinnedHash } from '../policy/secrets/selector.ts'
import type { Binding } from '../policy/types.ts'
import { encode, u32 } from '../wire/encode.ts'
import {
  LIMIT,
  NAME,
  NAME_KEY,
  NEEDLE,
  NEEDLE_KEY,
  NUMBER,
  NUMBER_KEY,
  SCOPE,
  SIEVE,
  SIEVE_KEY,
  VALUE,
  VALUE_KEY,
} from '../wire/generated.ts'
import { type Entry, type ScopeInput, valueNumber } from './entry.ts'
import { needlesOf, sieveOf } from './needles.ts'
import { pathEntries } from './path-entries.ts'
import { slotEntries } from './slot-entries.ts'
import { policyWords } from './switches.ts'

/** All entries; the scope, whose generation leads to the others, is last and to be written last. */
export function entriesOf(input: ScopeInput): Entry[] {
  return [
    ...valueEntries(input),
    ...needleEntries(input),
    ...nameEntries(input),
    ...numberEntries(input),
    ...slotEntries(input),
    ...pathEntries(input),
    scopeEntry(input),
  ]
}

const setOf = (bindings: readonly Binding[], wanted: (binding: Binding) => boolean): bigint =>
  bindings.reduce((set, binding, i) => (wanted(binding) ? set | (1n << BigInt(i)) : set), 0n)

function scopeEntry({ scope, host, config, generation }: ScopeInput): Entry {
  const value = encode(SCOPE, {
    ...policyWords(config, host),
    entry_bindings: setOf(config.secrets, (b) => !b.selector.binary && !b.retired),
    visitor_bindings: setOf(config.secrets, (b) => b.selector.lineage === 'any'),
    scrub_bindings: setOf(config.secrets, (b) => b.selector.children === 'scrub'),
    deny_bindings: setOf(config.secrets, (b) => b.selector.children === 'deny'),
    generation,
    image_bindings: setOf(config.secrets, (b) => b.selector.verify === 'image'),
    pinned_bindings: setOf(config.secrets, (b) => pinnedHash(b) !== undefined),
    trusted_bindings: setOf(config.secrets, ({ selector: { verify, libraries } }) => !!verify && libraries !== 'any'),
    added_bindings: setOf(config.secrets, (b) => b.selector.withoutPlaceholder === 'add'),
  })
  return { map: 'scopes', key: u32(scope), value }
}

/** scopes[0]: the policy of events that concern the whole node, for example sampling a whole CPU. @param mode of MODE */
export function nodeEntry(mode: number): Entry {
  return { map: 'scopes', key: u32(0), value: encode(SCOPE, { mode }) }
}

function valueEntries({ scope, values, generation }: ScopeInput): Entry[] {
  return values.flatMap(({ bytes }, i) => {
    const chunks = Math.max(1, Math.ceil(bytes.length / LIMIT.CHUNK))
    return Array.from({ length: chunks }, (_, chunk): Entry => {
      const key = encode(VALUE_KEY, { scope, generation, value: valueNumber(i), chunk })
      const value = encode(VALUE, { bytes: bytes.subarray(chunk * LIMIT.CHUNK, (chunk + 1) * LIMIT.CHUNK) })
      return { map: 'secret_values', key, value }
    })
  })
}

/** The needles that environments below a seal are searched for. Without its sieve a registration counts as none. */
function needleEntries({ scope, values, generation }: ScopeInput): Entry[] {
  const numbered = values.map(({ binding, bytes }, i) => ({
    value: valueNumber(i),
    bytes,
    bindings: 1n << BigInt(binding),
  }))
  const needles = needlesOf(numbered)
  const sieve = encode(SIEVE, { bits: sieveOf(needles) })
  return [
    ...needles.map(({ word, rank, ...needle }): Entry => {
      const key = encode(NEEDLE_KEY, { scope, generation, rank, word })
      return { map: 'needles', key, value: encode(NEEDLE, needle) }
    }),
    { map: 'sieves', key: encode(SIEVE_KEY, { scope, generation }), value: sieve },
  ]
}

/** The bindings that give a variable, which a scrub removes again. */
function nameEntries({ scope, config, generation }: ScopeInput): Entry[] {
  const names = new Set(config.secrets.flatMap((binding) => binding.secretRefs.map((ref) => ref.name)))
  return [...names].map((name): Entry => {
    const bindings = setOf(config.secrets, (b) => b.secretRefs.some((ref) => ref.name === name))
    const key = encode(NAME_KEY, { scope, generation, name: Buffer.from(name) })
    return { map: 'names', key, value: encode(NAME, { bindings, length: name.length }) }
  })
}

/** The identity of a binding for the processes that run under it: retired or not, they keep its number. */
export const bindingIdentity = ({ name, selector }: Binding): Buffer =>
  createHash('sha256')
    .update(JSON.stringify([name, Object.entries(selector).toSorted()]))
    .digest()

function numberEntries({ scope, config, generation }: ScopeInput): Entry[] {
  return config.secrets.map((binding, number): Entry => {
    const value = encode(NUMBER, { binding: bindingIdentity(binding), retired: Number(binding.retired === true) })
    return { map: 'numbers', key: encode(NUMBER_KEY, { scope, generation, number }), value }
  })
}
