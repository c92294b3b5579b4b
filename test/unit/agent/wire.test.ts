/** The agent's side of bpf/lib/wire/: constants by the text of the headers, layouts by the object's BTF as libbpf reads it. */
import assert from 'node:assert/strict'
import { globSync, readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { readLayouts } from '../../../agent/libbpf/btf.ts'
import { OBJECT_PATH } from '../../../agent/node/load.ts'
import { MAX_ALTERNATIVES } from '../../../agent/policy/secrets/alternatives.ts'
import { MAX_BINDINGS } from '../../../agent/policy/secrets/check-bindings.ts'
import { MAX_CAPACITY, slotsOf } from '../../../agent/policy/secrets/placeholder.ts'
import { MAX_COMPONENT, wrongVariable } from '../../../agent/policy/text/names.ts'
import * as constants from '../../../agent/wire/constants.ts'
import { decodeEvent } from '../../../agent/wire/decode.ts'
import { encode } from '../../../agent/wire/encode.ts'
import * as generated from '../../../agent/wire/generated.ts'
import {
  ACCESS,
  ACTION,
  COUNTER,
  EVENT,
  EXEC,
  FAIL,
  INJECT,
  KERNEL_FILE,
  KIND,
  LIMIT,
  ODD,
  REASON,
  SCOPE,
  SCRUB,
  STRUCTS,
  TASK,
  WAIT,
  WAY,
  WRITE,
} from '../../../agent/wire/generated.ts'
import { labelsOf } from '../../../agent/wire/labels.ts'
import { layoutDifferences } from '../../../agent/wire/layout.ts'

const BPF = new URL('../../../bpf/', import.meta.url)
const FOLDER = new URL('lib/wire/', BPF)
const WIRE = readdirSync(FOLDER)
  .map((file) => readFileSync(new URL(file, FOLDER), 'utf8'))
  .join('\n')

/** Every word of the programs and of the headers that are theirs alone. */
const PROGRAMS = new Set(
  globSync('{lib,guard,seal,track}/**/*.{c,h}', { cwd: BPF })
    .filter((file) => !file.startsWith('lib/wire'))
    .map((file) => readFileSync(new URL(file, BPF), 'utf8').replaceAll(/\/\*.*?\*\//gs, ''))
    .flatMap((text) => text.match(/\w+/g) ?? []),
)

/** The enums in the text of the headers, evaluated: name → [constant, value]. */
function enumsInText(): Map<string, [string, number][]> {
  const enums = [...WIRE.matchAll(/^enum (ks_\w+) \{(.*?)\};/gms)]
  return new Map(
    enums.map(([, name = '', body = '']) => {
      const values = [...body.matchAll(/(KS_\w+) = (\w+)(?: << (\d+))?/g)]
      return [
        name,
        values.map(([, key = '', left = '', shift = '0']) => [key, Number(left.replace('U', '')) * 2 ** Number(shift)]),
      ]
    }),
  )
}

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

test('every constant of the headers is generated, with its number', () => {
  const ours: Record<string, object> = generated
  const enums = enumsInText()
  assert.ok(enums.size > 12, `only ${enums.size} enums found`)
  for (const [name, values] of enums) {
    const constants = Object.entries(ours[name.slice('ks_'.length).toUpperCase()] ?? {})
    assert.deepEqual(
      constants.map(([, value]) => value),
      values.map(([, value]) => value),
      name,
    )
    for (const [i, [key]] of constants.entries()) assert.ok(values[i]![0].endsWith(`_${key}`), `${key} of ${name}`)
  }
})

test('every way, detail, switch and counter of the headers is used by a program', () => {
  const used = [
    'ks_way',
    'ks_kernel_file',
    'ks_kernel_code',
    'ks_call',
    'ks_share',
    'ks_switch',
    'ks_control',
    'ks_counter',
  ]
  const enums = enumsInText()
  for (const name of used) {
    for (const [key] of enums.get(name)!) assert.ok(PROGRAMS.has(key), `no program has ${key} of ${name}`)
  }
})

test('labels are the names of the constants, by number', () => {
  assert.equal(constants.WAY_NAMES[WAY.CORE_DUMP], 'core-dump')
  assert.equal(constants.WAY_NAMES[WAY.BPF_CALL], 'bpf-call')
  assert.equal(constants.ACTION_NAMES[ACTION.BLOCKED], 'blocked')
  assert.deepEqual(constants.REASONS[REASON.NO_VALUE]?.[0], 'no-value')
  assert.equal(constants.COUNTER_NAMES[COUNTER.EVENTS_LOST], 'events_lost')
  assert.equal(constants.COUNTER_NAMES.length, 11)
  assert.throws(() => labelsOf({ A: 0, B: 2 }), /`B` is 2/)
})

test('details of ways have words by number, and one that is not there has none', () => {
  assert.equal(constants.DETAILS['kernel-file']?.[KERNEL_FILE.BLOCK_DEVICE], 'a disk')
  assert.deepEqual(constants.DETAILS.schedule?.slice(0, 2), ['unknown', 'its CPUs or scheduling'])
  assert.equal(constants.DETAILS.schedule?.[5], undefined)
})

test("the contract's limits are those that the kernel has room for", () => {
  const slot = slotsOf('0'.repeat(32))('shop', 'PASSWORD')
  assert.equal(slot.length, LIMIT.SLOT_LENGTH)
  assert.equal(MAX_CAPACITY, LIMIT.CHUNK * LIMIT.MAX_CHUNKS)
  assert.equal(MAX_BINDINGS, LIMIT.MOST_BINDINGS)
  assert.equal(MAX_ALTERNATIVES, LIMIT.ALTERNATIVES)
  assert.equal(MAX_COMPONENT, LIMIT.NAME - 1)
  const longest = 'V'.repeat(LIMIT.VARIABLE - '=\0'.length)
  assert.equal(wrongVariable(longest), undefined)
  assert.match(wrongVariable(`${longest}V`)?.message ?? '', /at most 62/)
})

test('encoding refuses a value that does not fit its field', () => {
  assert.throws(() => encode(SCOPE, { reserved: Buffer.alloc(9) }), /ks_scope\.reserved holds 4 bytes, got 9/)
  assert.throws(() => encode(SCOPE, { mode: 2 ** 32 }), RangeError)
})

test("an event's text is printable for every name of a program", () => {
  const actor = encode(TASK, { tgid: 7, comm: Buffer.from('a\nb\x1b[2J\\') })
  const event = decodeEvent(encode(ACCESS, { event: encode(EVENT, { kind: KIND.ACCESS, actor }) }))
  assert.equal(event.kind === 'access' && event.actor.comm, 'a\\x0ab\\x1b[2J\\x5c')
})

test('an event of an unknown kind, or cut short, is a value', () => {
  const cut = { kind: 'unknown', number: -1 } as const
  assert.deepEqual(decodeEvent(encode(EVENT, { kind: 999 })), { kind: 'unknown', number: 999 })
  assert.deepEqual(decodeEvent(Buffer.alloc(10)), cut)
  for (const kind of Object.values(KIND)) {
    const bytes = Buffer.alloc(4096)
    encode(EVENT, { kind }).copy(bytes)
    assert.notEqual(decodeEvent(bytes).kind, 'unknown', `kind ${kind}`)
    assert.deepEqual(decodeEvent(bytes.subarray(0, WRITE.size - 1)), cut, `kind ${kind}`)
  }
})

test("each kind's structure begins as every event does", () => {
  for (const { name, fields } of [ACCESS, EXEC, FAIL, INJECT, ODD, SCRUB, WAIT])
    assert.deepEqual(fields.event, [0, EVENT.size], name)
  assert.deepEqual([WRITE.fields.time, WRITE.fields.kind], [EVENT.fields.time, EVENT.fields.kind])
})
