/** The agent's side of bpf/lib/wire.h and bpf/lib/wire/: constants by their text, layouts by the object's BTF. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { readLayouts } from '../../../agent/libbpf/btf.ts'
import { OBJECT_PATH } from '../../../agent/node/load.ts'
import * as constants from '../../../agent/wire/constants.ts'
import { decodeEvent } from '../../../agent/wire/decode.ts'
import { encode } from '../../../agent/wire/encode.ts'
import { EVENT, layoutDifferences, SCOPE, STRUCTS, TASK } from '../../../agent/wire/layout.ts'

const FOLDER = new URL('../../../bpf/lib/wire/', import.meta.url)
const WIRE = readdirSync(FOLDER)
  .map((file) => readFileSync(new URL(file, FOLDER), 'utf8'))
  .join('\n')

/** `KS_NAME = expression,` of one enum, evaluated. */
function enumOf(name: string): Record<string, number> {
  const body = new RegExp(`enum ${name} \\{(.*?)\\};`, 's').exec(WIRE)?.[1] ?? ''
  const entries = [...body.matchAll(/(KS_\w+) = ([\d <]+)/g)]
  return Object.fromEntries(
    entries.map(([, key = '', value = '']) => {
      const [left = 0, shift = 0] = value.split('<<').map(Number)
      return [key, left << shift]
    }),
  )
}

const define = (name: string): number => Number(new RegExp(`#define ${name} (\\d+)`).exec(WIRE)?.[1])

test('every structure of the agent is laid out as the object has it', () => {
  const layouts = readLayouts(
    OBJECT_PATH,
    STRUCTS.map((s) => s.name),
  )
  assert.deepEqual(layoutDifferences(layouts), [])
})

test('a field that moved, grew or appeared is named', () => {
  const moved = new Map([
    [
      'ks_scope',
      {
        size: 96,
        offsets: new Map([
          ['mode', 4],
          ['fresh', 88],
        ]),
      },
    ],
  ])
  const text = layoutDifferences(moved).join('\n')
  assert.match(text, /ks_scope has 96 bytes, not 88/)
  assert.match(text, /ks_scope\.mode is at 4, not 0/)
  assert.match(text, /ks_scope\.fresh is unknown to the agent/)
  assert.match(text, /ks_event is missing/)
})

test('modes, switches and flags have the numbers of wire/', () => {
  const modes = enumOf('ks_mode')
  for (const [name, value] of Object.entries(constants.MODE)) assert.equal(modes[`KS_${name.toUpperCase()}`], value)
  const switches = enumOf('ks_switch')
  for (const [name, value] of Object.entries(constants.SWITCH)) assert.equal(switches[`KS_${name}`], value, name)
  assert.equal(Object.keys(switches).length, Object.keys(constants.SWITCH).length)
  const controls = enumOf('ks_control')
  for (const [name, value] of Object.entries(constants.CONTROL))
    assert.equal(controls[`KS_CONTROL_${name}`], value, name)
  assert.equal(Object.keys(controls).length, Object.keys(constants.CONTROL).length)
  const flags = enumOf('ks_proc_flag')
  for (const [name, value] of Object.entries(constants.PROC_FLAG)) assert.equal(flags[`KS_${name}`], value, name)
})

test('kinds, actions, ways, reasons and counters are named in the order of wire/', () => {
  const kinds = enumOf('ks_kind')
  for (const [name, value] of Object.entries(constants.KIND)) assert.equal(kinds[`KS_EV_${name}`], value, name)
  const lists: [string, number][] = [
    ['ks_action', constants.ACTION_NAMES.length],
    ['ks_way', constants.WAY_NAMES.length],
    ['ks_reason', constants.REASONS.length],
  ]
  for (const [name, length] of lists) {
    const values = Object.values(enumOf(name))
    assert.deepEqual(
      values,
      Array.from({ length }, (_, i) => i),
      name,
    )
  }
  const { KS_N_MAX: _, ...counters } = enumOf('ks_counter')
  assert.deepEqual(
    Object.keys(counters).map((key) => key.slice('KS_N_'.length).toLowerCase()),
    [...constants.COUNTERS],
  )
})

test('details of ways are named in the order of wire/, and one that is not there has no words', () => {
  const words = (way: keyof typeof constants.DETAILS) => constants.DETAILS[way]?.length
  assert.equal(words('kernel-file'), Object.keys(enumOf('ks_kernel_file')).length + 1)
  assert.equal(words('kernel-code'), Object.keys(enumOf('ks_kernel_code')).length + 1)
  assert.equal(words('capability'), Object.keys(enumOf('ks_call')).length + 1)
})

test('sizes have the numbers of wire/', () => {
  assert.equal(define('KS_CHUNK'), constants.CHUNK)
  assert.equal(define('KS_ALTERNATIVES'), constants.ALTERNATIVES)
  assert.equal(define('KS_NAME'), constants.NAME_SIZE)
  assert.equal(define('KS_VARIABLE'), constants.VARIABLE_SIZE)
})

test('encoding refuses a value that does not fit its field', () => {
  assert.throws(() => encode(SCOPE, { reserved: Buffer.alloc(9) }), /ks_scope\.reserved holds 4 bytes, got 9/)
  assert.throws(() => encode(SCOPE, { mode: 2 ** 32 }), RangeError)
})

test("an event's text is printable for every name of a program", () => {
  const actor = encode(TASK, { tgid: 7, comm: Buffer.from('a\nb\x1b[2J\\') })
  const event = decodeEvent(encode(EVENT, { kind: constants.KIND.ACCESS, actor }))
  assert.equal(event.kind === 'access' && event.actor.comm, 'a\\x0ab\\x1b[2J\\x5c')
})

test('an event of an unknown kind, or cut short, is a value', () => {
  assert.deepEqual(decodeEvent(encode(EVENT, { kind: 999 })), { kind: 'unknown', number: 999 })
  assert.deepEqual(decodeEvent(Buffer.alloc(10)), { kind: 'unknown', number: -1 })
})
