/** Registrations on maps in memory, which may be full: the order of writes, and the entries left by a failure. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { beforeEach, test } from 'node:test'
import type { Guard } from '../../../agent/node/guard.ts'
import { parseConfig } from '../../../agent/policy/parse.ts'
import { variablesOf } from '../../../agent/policy/secrets/variables.ts'
import type { Binding } from '../../../agent/policy/types.ts'
import { numbered } from '../../../agent/reload/binding-numbers.ts'
import type { ScopeInput } from '../../../agent/scope/entry.ts'
import { registeredBindings } from '../../../agent/scope/read-back.ts'
import { register, replace } from '../../../agent/scope/registration.ts'
import { giveBack, scopesOf, sweep, unregister, withhold } from '../../../agent/scope/scope.ts'
import { MODE } from '../../../agent/wire/constants.ts'
import { PATH_KEY, SCOPE, SWITCH } from '../../../agent/wire/generated.ts'

const NONCE = '5e'.repeat(16)
let maps: Map<string, Map<string, Buffer>>
let writes: string[]
/** Writes before the one that fails. */
let failing: number
/** Before the entry is written: another agent's action at that moment. */
let onWrite: (map: string, key: Buffer) => void
let deleted: string[]

beforeEach(() => {
  ;[maps, writes, failing, deleted] = [new Map(), [], Number.POSITIVE_INFINITY, []]
  onWrite = () => {}
})

const guard = { map: (name: string) => memoryMap(name) } as unknown as Guard

function memoryMap(name: string) {
  const entries = maps.get(name) ?? new Map<string, Buffer>()
  maps.set(name, entries)
  return {
    get: (key: Buffer) => entries.get(key.toString('hex')) && Buffer.from(entries.get(key.toString('hex'))!),
    set: (key: Buffer, value: Buffer) => {
      if (failing-- === 0) throw new Error(`map \`${name}\` is full`)
      onWrite(name, key)
      writes.push(name)
      entries.set(key.toString('hex'), Buffer.from(value))
    },
    keySize: 8, // of `processes`; no other's is asked for
    delete: (key: Buffer) => {
      deleted.push(name)
      return entries.delete(key.toString('hex'))
    },
    keys: () => [...entries.keys()].map((key) => Buffer.from(key, 'hex')),
    getPerCpu: () => Buffer.alloc(0),
    setPerCpu: () => {},
  }
}

const TEXT = `
secrets:
  - { name: a, selector: { binary: /usr/bin/a }, secretRefs: [{ name: A, source: { envRef: A } }] }
  - { name: b, selector: { binary: /usr/bin/b, children: deny }, secretRefs: [{ name: B, source: { envRef: B } }] }
`
const { config } = parseConfig(TEXT, 'c')
const retired = (i: number): Binding[] => config.secrets.map((b, at) => (at === i ? { ...b, retired: true } : b))

function input(generation: number, secrets: readonly Binding[] = config.secrets): ScopeInput {
  const active = secrets.filter((binding) => !binding.retired)
  const variables = variablesOf({ ...config, secrets: active }, ['app'], NONCE)
  const values = active.flatMap(({ name, secretRefs }) => {
    const binding = secrets.findIndex((candidate) => candidate.name === name)
    return secretRefs.map((ref) => ({ binding, name: ref.name, bytes: Buffer.from(`${ref.name}${generation}`) }))
  })
  return { scope: 7, host: false, config: { ...config, secrets }, variables, values, generation }
}

/** A digest, since the maps hold a kilobyte for each value. */
const contents = (): string => createHash('sha256').update(written()).digest('hex')
const written = (): string =>
  JSON.stringify(
    [...maps].map(([name, map]) => [name, [...map].map(([key, value]) => [key, value.toString('hex')]).sort()]),
  )
const texts = (): string[] =>
  [...(maps.get('secret_values') ?? new Map<string, Buffer>()).values()].map((v) => String(v).replaceAll('\0', ''))
/** Of the path `/usr/bin/a` and the like: the last components that lead to a binding, by generation. */
const programsOf = (generation: number): string[] =>
  [...maps.get('paths')!.keys()]
    .map((key) => Buffer.from(key, 'hex'))
    .filter((key) => key.readUInt32LE(PATH_KEY.fields.generation[0]) === generation)
    .filter((key) => key.readUInt32LE(PATH_KEY.fields.node[0]) === 0)
    .map((key) => key.toString('latin1', PATH_KEY.fields.name[0]).replaceAll('\0', ''))
    .sort()
const inForce = (): bigint => maps.get('scopes')!.get('07000000')!.readBigUInt64LE(SCOPE.fields.generation[0])
const denied = (): bigint => maps.get('scopes')!.get('07000000')!.readBigUInt64LE(SCOPE.fields.deny_bindings[0])

test('a replacement that fails at any of its writes leaves everything as it was', () => {
  const first = register(guard, input(1)).now
  const [before, count] = [contents(), writes.length]
  for (let at = 0; at < count; at++) {
    failing = at
    assert.throws(() => replace(guard, input(2), first), /is full/)
    assert.equal(contents(), before, `after ${at} writes`)
  }
})

test('old values stay for the starts in flight until they are taken away, and new ones have other ids', () => {
  const first = register(guard, input(1)).now
  const { takeAwayOutdated } = replace(guard, input(2), first)
  assert.deepEqual(texts().sort(), ['A1', 'A2', 'B1', 'B2'])
  takeAwayOutdated()
  assert.deepEqual(texts().sort(), ['A2', 'B2'])
})

test('so they do when another agent registers the scope', () => {
  register(guard, input(1))
  const { takeAwayOutdated } = register(guard, input(2))
  assert.deepEqual(texts().sort(), ['A1', 'A2', 'B1', 'B2'])
  takeAwayOutdated()
  assert.deepEqual(texts().sort(), ['A2', 'B2'])
})

test('a binding that is dropped leads nowhere at once, and its rule for children stays', () => {
  const first = register(guard, input(1)).now
  replace(guard, input(2, retired(1)), first)
  assert.equal(inForce(), 2n)
  assert.deepEqual(programsOf(2), ['a'])
  assert.equal(denied(), 0b10n)
})

test('a start that began under the generation before finds all of it until that is taken away', () => {
  const first = register(guard, input(1)).now
  const kept = ['paths', 'slots', 'names', 'secret_values'].map((name) => [name, [...maps.get(name)!.keys()]] as const)
  const { takeAwayOutdated } = replace(guard, input(2, retired(1)), first)
  for (const [name, keys] of kept) for (const key of keys) assert.ok(maps.get(name)!.has(key), `${name} lost ${key}`)
  takeAwayOutdated()
  for (const [name, keys] of kept) for (const key of keys) assert.ok(!maps.get(name)!.has(key), `${name} keeps ${key}`)
  assert.deepEqual(programsOf(2), ['a'])
})

test('an agent that follows learns the meaning of the numbers, for every order of its bindings and with dropped ones', () => {
  const [a, b] = config.secrets as [Binding, Binding]
  register(guard, input(1))
  assert.deepEqual(numbered(registeredBindings(guard, 7, [b, a]), [b, a], 0n), [a, b])
  const [dropped, kept] = registeredBindings(guard, 7, [b])
  assert.deepEqual([kept?.name, dropped?.selector.children], ['b', a.selector.children])
  assert.deepEqual(
    dropped?.secretRefs.map(({ name }) => name),
    ['A'],
  )
  const elsewhere = { ...b, selector: { ...b.selector, children: 'inherit' as const } }
  assert.deepEqual(
    numbered(registeredBindings(guard, 7, [elsewhere, a]), [elsewhere, a], 0n).map(({ name, retired }) => [
      name,
      retired,
    ]),
    [
      ['a', undefined],
      ['(earlier) 1', true],
      ['b', undefined],
    ],
  )
})

test('the number of a binding retired before is free once no process has it', () => {
  const [a, b] = config.secrets as [Binding, Binding]
  register(guard, input(2, retired(1)))
  assert.deepEqual(numbered(registeredBindings(guard, 7, [b, a]), [b, a], 0b1n), [a, b])
  assert.equal(numbered(registeredBindings(guard, 7, [b, a]), [b, a], 0b10n).length, 3)
})

test('existing entries are never written again but the scope, which is changed in place', () => {
  const first = register(guard, input(1)).now
  const before = [...first.keys()].filter((name) => !name.startsWith('scopes:'))
  const { now } = replace(guard, input(2), first)
  assert.deepEqual(
    before.filter((name) => now.has(name)),
    [],
  )
})

test('a new binding is restricted before the first path leads to it, and the scope comes last', () => {
  const first = register(guard, input(1, config.secrets.slice(0, 1))).now
  writes.length = 0
  assert.equal(denied(), 0n)
  replace(guard, input(2), first)
  const [meanwhile, last] = [writes.indexOf('scopes'), writes.lastIndexOf('scopes')]
  assert.ok(meanwhile < writes.indexOf('paths') && writes.lastIndexOf('paths') < last, writes.join())
  assert.equal(denied(), 0b10n)
})

const switches = (): number => maps.get('scopes')!.get('07000000')!.readUInt32LE(SCOPE.fields.switches[0])
const isWithheld = (): boolean => (switches() & SWITCH.WITHHELD) !== 0

test('what is withheld is a switch: the lists of the registration and the numbers of its bindings stay', () => {
  const [a, b] = config.secrets as [Binding, Binding]
  register(guard, input(1))
  const before = contents()
  const restore = withhold(guard, 7)
  assert.ok(isWithheld())
  assert.equal(inForce(), 1n)
  assert.deepEqual(numbered(registeredBindings(guard, 7, [b, a]), [b, a], 0n), [a, b])
  restore()
  assert.equal(contents(), before)
})

test('a registration gives nothing back, and the next agent does', () => {
  const first = register(guard, input(1)).now
  withhold(guard, 7)
  replace(guard, input(2), first)
  assert.ok(isWithheld(), 'a reload')
  assert.equal(inForce(), 2n)
  withhold(guard, 7)() // by another reason: its end is not the first one's
  assert.ok(isWithheld())
  giveBack(guard, 7)
  assert.ok(!isWithheld())
})

test('every registration has a sieve, also without a value that can be searched for', () => {
  register(guard, { ...input(1), values: [] })
  assert.equal(maps.get('sieves')?.size, 1)
  assert.equal(maps.get('needles')?.size, 0)
})

test('the sieve goes first of all lists, and so vouches for the others', () => {
  const first = register(guard, input(1)).now
  const second = replace(guard, input(2), first)
  second.takeAwayOutdated()
  assert.equal(deleted[0], 'sieves', 'outdated')
  deleted.length = 0
  unregister(guard, 7)
  assert.deepEqual(deleted.slice(0, 2), ['scopes', 'sieves'])
})

const key = (scope: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(scope)
  return bytes
}

test('the node is as strict as a scope that is registered while that is worked out', () => {
  const modeOf = (scope: number): number => maps.get('scopes')!.get(key(scope).toString('hex'))!.readUInt32LE(0)
  const audit = { ...input(1), config: { ...config, policy: { ...config.policy, mode: 'audit' as const } } }
  const enforced = Buffer.alloc(SCOPE.size)
  enforced.writeUInt32LE(MODE.enforce)
  onWrite = (name, at) => {
    if (name !== 'scopes' || !at.equals(key(0))) return
    maps.get('scopes')!.set(key(8).toString('hex'), enforced)
  }
  register(guard, audit)
  assert.equal(modeOf(7), MODE.audit)
  assert.equal(modeOf(0), MODE.enforce)
})

test('a sweep removes entries of ended scopes, and not those that another agent is about to register', () => {
  register(guard, input(1)) // 7: registered, and its agent is gone
  const [alive, killed] = [Buffer.alloc(16, 1), Buffer.alloc(16, 2)] // begin with a key of `processes`
  memoryMap('processes').set(alive.subarray(0, 8), Buffer.alloc(8))
  for (const scope of [8, 9]) memoryMap('agents').set(key(scope), alive)
  memoryMap('agents').set(key(10), killed)
  for (const scope of [8, 9, 10]) memoryMap('rings').set(key(scope), key(1))
  assert.deepEqual(sweep(guard, 9), [9, 10], '8 has an agent; 9 is the caller, whose number another scope had before')
  assert.deepEqual(scopesOf(guard), [7])
  const agents = memoryMap('agents').keys()
  assert.deepEqual(
    agents.map((scope) => scope.readUInt32LE(0)),
    [8, 9],
    'the caller is the agent of its own',
  )
  assert.deepEqual(
    memoryMap('rings')
      .keys()
      .map((scope) => scope.readUInt32LE(0)),
    [8],
  )
})
