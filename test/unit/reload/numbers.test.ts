import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Binding, Selector } from '../../../agent/policy/types.ts'
import { numbered } from '../../../agent/reload/binding-numbers.ts'

const binding = (name: string, selector: Partial<Selector> = {}): Binding => ({
  name,
  selector: { lineage: 'workload', children: 'scrub', ...selector },
  secretRefs: [],
})
const [a, b, c] = [binding('a'), binding('b'), binding('c')]
const names = (list: readonly Binding[]): string[] => list.map(({ name, retired }) => `${name}${retired ? '-' : ''}`)

test('bindings keep their numbers in every order, and new ones come behind them', () => {
  assert.deepEqual(names(numbered([], [a, b], 0n)), ['a', 'b'])
  assert.deepEqual(names(numbered([a, b], [c, b, a], 0n)), ['a', 'b', 'c'])
})

test('a dropped binding is retired, and its number is not given away in the same step', () => {
  assert.deepEqual(names(numbered([a, b], [b, c], 0n)), ['a-', 'b', 'c'])
})

test('a retired number is given away once no process has it', () => {
  const before = numbered([a, b], [b], 0n)
  assert.deepEqual(names(numbered(before, [b, c], 0b1n)), ['a-', 'b', 'c'])
  assert.deepEqual(names(numbered(before, [b, c], 0b10n)), ['c', 'b'])
})

test('a binding with another selector is another binding to the kernel', () => {
  assert.deepEqual(names(numbered([a, b], [binding('a', { children: 'deny' }), b], 0n)), ['a-', 'b', 'a'])
})

test('a binding that gives more variables is the same, one that gives another in place of an earlier is not', () => {
  const giving = (...variables: string[]): Binding => ({
    ...a,
    secretRefs: variables.map((name) => ({ name, source: { kind: 'envRef', name }, capacity: 1024 })),
  })
  assert.deepEqual(names(numbered([giving('X'), b], [giving('Y', 'X'), b], 0b1n)), ['a', 'b'])
  assert.deepEqual(names(numbered([giving('X'), b], [giving('Y'), b], 0b1n)), ['a-', 'b', 'a'])
})

test('more bindings than numbers are refused, those that processes still have included', () => {
  const many = (prefix: string) => Array.from({ length: 40 }, (_, i) => binding(`${prefix}${i}`))
  assert.throws(() => numbered(many('old'), many('new'), 0n), /there are 63 bindings, those included that running/)
})
