/** Policy and values → map entries. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseConfig } from '../../../agent/policy/parse.ts'
import { variablesOf } from '../../../agent/policy/secrets/variables.ts'
import { entriesOf } from '../../../agent/scope/entries.ts'
import type { Entry } from '../../../agent/scope/entry.ts'
import { SWITCH } from '../../../agent/wire/generated.ts'

const NONCE = '0123456789abcdef0123456789abcdef'

const TEXT = `
version: v1
policy: { mode: audit, blockMaps: true }
secrets:
  - name: entry
    secretRefs: [{ name: A, source: { envRef: X } }]
  - name: pg
    selector: { binary: /usr/lib/postgresql/16/bin/postgres, container: db, children: deny }
    secretRefs: [{ name: A, capacity: 4096, source: { envRef: Y } }]
  - name: weak
    selector: { binary: postgres, container: other, lineage: any }
    secretRefs: [{ name: B, source: { envRef: Z } }]
`

function entries(values: Record<string, string> = {}): Entry[] {
  const { config } = parseConfig(TEXT, 'test')
  const variables = variablesOf(config, ['db', 'web'], NONCE)
  const resolved = config.secrets.flatMap((b, binding) =>
    b.secretRefs.map(({ name }) => ({ binding, name, bytes: Buffer.from(values[b.name] ?? 'v') })),
  )
  return entriesOf({ scope: 77, host: false, config, variables, values: resolved, generation: 3 })
}

const of = (map: Entry['map'], all = entries()): Entry[] => all.filter((e) => e.map === map)

test('the scope comes last, so that nothing is switched on before it is there', () => {
  assert.equal(entries().at(-1)?.map, 'scopes')
})

test('a scope carries mode, switches and the sets of bindings', () => {
  const [{ key, value }] = of('scopes') as [Entry]
  assert.equal(key.readUInt32LE(0), 77)
  assert.equal(value.readUInt32LE(0), 1)
  assert.ok(value.readUInt32LE(4) & SWITCH.BLOCK_MAPS)
  assert.ok(!(value.readUInt32LE(4) & SWITCH.HOST))
  assert.deepEqual(
    [8, 16, 24, 32, 40].map((at) => value.readBigUInt64LE(at)),
    [0b001n, 0b100n, 0b100n, 0b010n, 3n],
  )
})

test('a long value is cut into chunks of 1,024 bytes, all keyed by the scope', () => {
  const values = of('secret_values', entries({ pg: 'x'.repeat(2500) }))
  assert.equal(values.length, 1 + 3 + 1)
  assert.ok(values.every((e) => e.key.readUInt32LE(0) === 77))
  const text = values
    .slice(1, 4)
    .map((e) => e.value.toString('latin1'))
    .join('')
  assert.equal(text.replaceAll('\0', ''), 'x'.repeat(2500))
})

test('a variable of two bindings has one slot with both values, and only where the container selector allows', () => {
  const slots = of('slots')
  assert.equal(slots.length, 2)
  assert.deepEqual(
    slots.map((e) => e.value.readUInt32LE(4)),
    [2, 1],
  )
  assert.equal(slots[0]?.value.readUInt32LE(0), 4096)
  const bindings = [8, 24].map((at) => slots[0]?.value.readBigUInt64LE(at))
  assert.deepEqual(bindings, [0b010n, 0b001n], 'the binding with a binary wins over the entrypoint')
})

test('paths are a trie from the last component; a basename matches anywhere', () => {
  const paths = of('paths').map((e) => ({
    node: e.key.readUInt32LE(8),
    name: e.key.toString('latin1', 12).replaceAll('\0', ''),
    bindings: e.value.readBigUInt64LE(0),
    anywhere: e.value.readBigUInt64LE(8),
    next: e.value.readUInt32LE(16),
  }))
  assert.deepEqual(
    paths.map((p) => p.name),
    ['postgres', 'bin', '16', 'postgresql', 'lib', 'usr'],
  )
  assert.equal(paths[0]?.anywhere, 0b100n)
  assert.equal(paths.at(-1)?.bindings, 0b010n)
  assert.equal(paths.at(-1)?.next, 0)
  for (const [i, p] of paths.slice(1).entries()) assert.equal(p.node, paths[i]?.next)
})
