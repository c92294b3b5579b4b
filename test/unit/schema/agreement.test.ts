/** The published JSON Schemas say the same as the readers: on the fixtures, and on documents of good and bad pieces. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { Ajv } from 'ajv'
import fc from 'fast-check'
import { load } from 'js-yaml'
import { parseConfig } from '../../../agent/policy/parse.ts'
import { readBindings, readConfig, readPolicy } from '../../../agent/policy/schema.ts'
import { SOURCE_KINDS } from '../../../agent/policy/secrets/source.ts'
import { Field } from '../../../agent/policy/text/field.ts'
import { reportInto } from '../../../agent/policy/text/problems.ts'
import type { Problem } from '../../../agent/policy/types.ts'
import { configs, FORBIDDEN_NAMES, policies, schemaOf, secretLists } from './documents.ts'

const ROOT = new URL('../../../', import.meta.url)

const ajv = new Ajv({ strict: false, validateFormats: false })
ajv.addSchema(schemaOf('config'), 'config.schema.json')
const VALIDATORS = {
  config: ajv.compile({ $ref: 'config.schema.json' }),
  bindings: ajv.compile(schemaOf('bindings')),
  policy: ajv.compile(schemaOf('policy')),
}
const READERS = { config: readConfig, bindings: readBindings, policy: readPolicy }

/** Errors of the reader; what only shows between bindings is beyond a schema. */
function errorsOf(kind: keyof typeof READERS, value: unknown): Problem[] {
  const found: Problem[] = []
  READERS[kind](new Field(value, '', reportInto(found)))
  return found.filter(({ severity }) => severity === 'error')
}

function assertAgreed(kind: keyof typeof READERS, value: unknown): boolean {
  const errors = errorsOf(kind, value)
  const valid = VALIDATORS[kind](value)
  const why = `reader and schema disagree: bring schema/config.schema.json into line with agent/policy\n${JSON.stringify(value)}\nreader: ${JSON.stringify(errors)}\nschema: ${JSON.stringify(VALIDATORS[kind].errors)}`
  assert.equal(valid, errors.length === 0, why)
  return valid
}

/** Enough of both kinds, or a property would prove nothing. */
function assertBoth(kind: keyof typeof READERS, documents: fc.Arbitrary<unknown>): void {
  const seen = { true: 0, false: 0 }
  fc.assert(
    fc.property(documents, (value) => {
      seen[`${assertAgreed(kind, value)}`]++
    }),
    { numRuns: 2000 },
  )
  assert.ok(seen.true > 200 && seen.false > 200, JSON.stringify(seen))
}

describe('schema/', () => {
  it('agrees with the reader on every fixture', () => {
    const folder = new URL('test/fixtures/config/', ROOT)
    const names = readdirSync(folder)
    assert.ok(names.length >= 5)
    for (const name of names) {
      const text = readFileSync(new URL(name, folder), 'utf8')
      parseConfig(text, name)
      assert.ok(assertAgreed('config', load(text)), name)
    }
  })

  it('agrees with the reader of the policy (2,000 documents)', () => assertBoth('policy', policies))
  it('agrees with the reader of bindings (2,000 documents)', () => assertBoth('bindings', secretLists))
  it('agrees with the reader of a config file (2,000 documents)', () => assertBoth('config', configs))

  it('refuses the variables that loaders, shells and runtimes obey', () => {
    for (const name of FORBIDDEN_NAMES) {
      const bindings = [{ name: 'b', secretRefs: [{ name, source: { value: 'x' } }] }]
      assert.ok(!assertAgreed('bindings', bindings), name)
    }
  })

  it('names every key that the readers know, and gives the defaults they have', () => {
    const FILE = 'schema/config.schema.json'
    const { policy, monitoring } = schemaOf('config').$defs
    const { config } = parseConfig('version: v1\n', 'c')
    for (const [key, value] of Object.entries(config.policy))
      if (typeof value !== 'object')
        assert.equal(policy.properties[key]?.default, value, `default of \`${key}\` in ${FILE}`)
    for (const [key, value] of Object.entries(config.monitoring))
      assert.equal(monitoring.properties[key]?.default, value, `default of \`${key}\` in ${FILE}`)
    assert.ok(Object.hasOwn(policy.properties, 'kernelControl'))
    const { properties, oneOf } = schemaOf('config').$defs.source
    assert.deepEqual(
      Object.keys(properties).toSorted(),
      [...SOURCE_KINDS, 'trim'].toSorted(),
      `properties of $defs.source in ${FILE}`,
    )
    assert.deepEqual(
      oneOf.flatMap(({ required }: { required: string[] }) => required).toSorted(),
      SOURCE_KINDS.toSorted(),
      `\`{ "required": [KIND] }\` for each kind, in $defs.source.oneOf of ${FILE}`,
    )
  })
})
