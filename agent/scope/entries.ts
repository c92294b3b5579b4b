/**
 * Policy and values → the entries of the kernel's maps, pure. Bindings are numbered by their place in the config;
 * a set of bindings is a 64-bit word.
 */
import { createHash } from 'node:crypto'
import { pinnedHash } from '../policy/secrets/selector.ts'
import type { Variable } from '../policy/secrets/variables.ts'
import type { Binding, Config } from '../policy/types.ts'
import { MODE } from '../wire/constants.ts'
import { encode, u32 } from '../wire/encode.ts'
import {
  ALTERNATIVE,
  LIMIT,
  NAME,
  NAME_KEY,
  NEEDLE,
  NEEDLE_KEY,
  NUMBER,
  NUMBER_KEY,
  PATH,
  PATH_KEY,
  SCOPE,
  SIEVE,
  SIEVE_KEY,
  SLOT,
  SLOT_KEY,
  VALUE,
  VALUE_KEY,
} from '../wire/generated.ts'
import { needlesOf, sieveOf } from './needles.ts'
import { controlOf, switchesOf } from './switches.ts'

export interface Entry {
  readonly map: 'scopes' | 'paths' | 'slots' | 'names' | 'numbers' | 'secret_values' | 'needles' | 'sieves'
  readonly key: Buffer
  readonly value: Buffer
}

/** The value of one variable of one binding. */
interface ResolvedValue {
  readonly binding: number
  readonly name: string
  readonly bytes: Buffer
}

export interface ScopeInput {
  /** Inode number of the PID namespace. */
  readonly scope: number
  readonly host: boolean
  readonly config: Config
  readonly variables: readonly Variable[]
  readonly values: readonly ResolvedValue[]
  readonly generation: number
}

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
    mode: MODE[config.policy.mode],
    switches: switchesOf(config, host),
    entry_bindings: setOf(config.secrets, (b) => !b.selector.binary && !b.retired),
    visitor_bindings: setOf(config.secrets, (b) => b.selector.lineage === 'any'),
    scrub_bindings: setOf(config.secrets, (b) => b.selector.children === 'scrub'),
    deny_bindings: setOf(config.secrets, (b) => b.selector.children === 'deny'),
    generation,
    image_bindings: setOf(config.secrets, (b) => b.selector.verify === 'image'),
    pinned_bindings: setOf(config.secrets, (b) => pinnedHash(b) !== undefined),
    trusted_bindings: setOf(config.secrets, ({ selector: { verify, libraries } }) => !!verify && libraries !== 'any'),
    added_bindings: setOf(config.secrets, (b) => b.selector.withoutPlaceholder === 'add'),
    kernel_control: controlOf(config.policy),
  })
  return { map: 'scopes', key: u32(scope), value }
}

/** scopes[0]: the policy of events that concern the whole node, for example sampling a whole CPU. @param mode of MODE */
export function nodeEntry(mode: number): Entry {
  return { map: 'scopes', key: u32(0), value: encode(SCOPE, { mode }) }
}

/** Of the value at that place among those of a registration; 0 means none. */
const valueNumber = (place: number): number => place + 1

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

/** The needles that environments below a seal are searched for. */
function needleEntries({ scope, values, generation }: ScopeInput): Entry[] {
  const numbered = values.map(({ binding, bytes }, i) => ({
    value: valueNumber(i),
    bytes,
    bindings: 1n << BigInt(binding),
  }))
  const needles = needlesOf(numbered)
  if (!needles.length) return []
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
export const identityOf = ({ name, selector }: Binding): Buffer =>
  createHash('sha256')
    .update(JSON.stringify([name, Object.entries(selector).toSorted()]))
    .digest()

function numberEntries({ scope, config, generation }: ScopeInput): Entry[] {
  return config.secrets.map((binding, number): Entry => {
    const value = encode(NUMBER, { binding: identityOf(binding), retired: Number(binding.retired === true) })
    return { map: 'numbers', key: encode(NUMBER_KEY, { scope, generation, number }), value }
  })
}

function slotEntries(input: ScopeInput): Entry[] {
  return input.variables.map((variable): Entry => {
    const alternatives = alternativesOf(input, variable)
    const { scope, generation } = input
    const key = encode(SLOT_KEY, { scope, generation, slot: Buffer.from(variable.slot, 'latin1') })
    const value = encode(SLOT, {
      capacity: variable.capacity,
      count: alternatives.length,
      alternatives: Buffer.concat(alternatives),
    })
    return { map: 'slots', key, value }
  })
}

/**
 * The kernel takes the first alternative whose bindings the program has: those that name a binary come first, since
 * the entrypoint's bindings apply to every program of the lineage.
 * @throws Error when the variable has more values than a slot holds
 */
function alternativesOf({ config, values }: ScopeInput, { name, container }: Variable): Buffer[] {
  const giving = config.secrets
    .map((binding, i) => ({ binding, i }))
    .filter(({ binding }) => !binding.retired && (binding.selector.container ?? container) === container)
    .filter(({ binding }) => binding.secretRefs.some((ref) => ref.name === name))
    .toSorted((a, b) => Number(!a.binding.selector.binary) - Number(!b.binding.selector.binary))
  if (giving.length > LIMIT.ALTERNATIVES) {
    throw new Error(
      `\`${name}\` has ${giving.length} bindings in one container; a variable can have ${LIMIT.ALTERNATIVES}`,
    )
  }
  return giving.map(({ i }) => {
    const at = values.findIndex((v) => v.binding === i && v.name === name)
    const value = at < 0 ? 0 : valueNumber(at)
    return encode(ALTERNATIVE, { bindings: 1n << BigInt(i), value, length: values[at]?.bytes.length ?? 0 })
  })
}

interface Node {
  bindings: bigint
  anywhere: bigint
  readonly children: Map<string, Node>
}

const node = (): Node => ({ bindings: 0n, anywhere: 0n, children: new Map() })

function pathEntries({ scope, config, generation }: ScopeInput): Entry[] {
  const root = node()
  config.secrets.forEach(({ selector: { binary }, retired }, i) => {
    if (binary && !retired) insert(root, binary, 1n << BigInt(i))
  })
  const entries: Entry[] = []
  let last = 0
  const visit = (parent: Node, id: number): void => {
    for (const [name, child] of parent.children) {
      const next = child.children.size ? ++last : 0
      const bytes = Buffer.from(name)
      if (bytes.length >= LIMIT.NAME)
        throw new Error(`path component \`${name}\` is longer than ${LIMIT.NAME - 1} bytes`)
      const key = encode(PATH_KEY, { scope, generation, node: id, name: bytes })
      const value = encode(PATH, { bindings: child.bindings, anywhere: child.anywhere, next })
      entries.push({ map: 'paths', key, value })
      visit(child, next)
    }
  }
  visit(root, 0)
  return entries
}

/** From the last component to the first; a bare name matches in every folder. */
function insert(root: Node, binary: string, binding: bigint): void {
  const components = binary.split('/').filter(Boolean).reverse()
  let at = root
  for (const component of components) {
    const next = at.children.get(component) ?? node()
    at.children.set(component, next)
    at = next
  }
  if (binary.startsWith('/')) at.bindings |= binding
  else at.anywhere |= binding
}
