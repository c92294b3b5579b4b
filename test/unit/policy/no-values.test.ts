/** Slips by which a value stands where a name belongs: no message repeats it, for messages go to audit logs and terminals. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseAnnotations } from '../../../agent/policy/annotations.ts'
import { readManifests } from '../../../webhook/offline/documents.ts'

const VALUE = 'hunter2-S3cret'
const source = (text: string) => ({
  'kernelseal.io/bindings': `[{name: b, secretRefs: [{name: PG, source: ${text}}]}]`,
})
const short = (text: string) => ({ 'secret.kernelseal.io/PG': text })

const SLIPS: readonly [what: string, annotations: Record<string, string>][] = [
  ['a colon without a space', source(`{value:${VALUE}}`)],
  ['a comma in a value', source(`{value: a, ${VALUE}}`)],
  ['a comma in a template', source(`{template: abc,${VALUE}}`)],
  ['a reference that is part of a password', source(`{template: "ab$(${VALUE.replace('2', '')})"}`)],
  [
    'a block that is indented too little',
    {
      'kernelseal.io/bindings': `- name: b\n  secretRefs:\n    - name: PG\n      source:\n        value: |\n         x\n        ${VALUE}: y\n`,
    },
  ],
  ['the same key twice', source(`{"${VALUE}", "${VALUE}"}`)],
  ['an alias', source(`{value: *${VALUE}}`)],
  ['a tag', source(`{value: !${VALUE}^x}`)],
  [
    'a value in the name',
    { 'kernelseal.io/bindings': `[{name: b, secretRefs: [{name: "PG=${VALUE}", source: {value: x}}]}]` },
  ],
  ['a variable of the agent', short(`env:${VALUE}`)],
  ['a fourth part', short(`secret/db/pw/${VALUE}`)],
  ['a key with a space', short(`secret/db/p w:${VALUE}`)],
  ['a file', short(`file:${VALUE}`)],
  ['values in place of keys', { ...short('secret/db/pw'), 'kernelseal.io/seal-env-from': `PG=${VALUE}/x` }],
  ['values in place of sizes', { ...short('secret/db/pw'), 'kernelseal.io/capacity': `PG=${VALUE}` }],
]

describe('a message does not repeat a value', () => {
  for (const [what, annotations] of SLIPS)
    it(`after ${what}`, () => {
      assert.throws(
        () => parseAnnotations(annotations, {}),
        ({ message }: Error) => {
          assert.doesNotMatch(message, /hunter/)
          return true
        },
      )
    })

  it('that is a number without quotes', () => {
    assert.throws(() => parseAnnotations(source('{value: 42}'), {}), /must be text, is a number \(put it in quotes\)/)
  })

  for (const text of [`*${VALUE}`, `!${VALUE}^x`, `"\\${VALUE}"`, `!x!${VALUE}`])
    it(`in a manifest with ${text}`, () => {
      assert.throws(
        () => readManifests(`data:\n  pw: ${text}\n`, 'secret.yaml'),
        ({ message }: Error) => {
          assert.doesNotMatch(message, /hunter/)
          return true
        },
      )
    })
})
