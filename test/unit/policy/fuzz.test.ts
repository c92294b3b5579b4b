import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { parseAnnotations } from '../../../agent/policy/annotations.ts'
import { ConfigError, parseConfig } from '../../../agent/policy/parse.ts'

const SEED = readFileSync(new URL('../../fixtures/config/v1-whole-schema.yaml', import.meta.url), 'utf8')

/** Runs a reader; passes when it accepts, or refuses with a place and a reason for every error. */
function judge(read: () => unknown): void {
  try {
    read()
  } catch (error) {
    assert.ok(error instanceof ConfigError, String((error as Error).stack))
    assert.ok(error.problems.some(({ severity }) => severity === 'error'))
    assert.ok(error.problems.every(({ message }) => message !== ''))
  }
}

const edits = fc.array(
  fc.tuple(
    fc.nat(SEED.length),
    fc.constantFrom('', '\n', '  ', ':', '- ', '{', '[', '"', '&a ', '*a', '#', '\t', '!!x ', '9'),
  ),
  { maxLength: 5 },
)
const mutatedSeed = edits.map((list) =>
  list.reduce((text, [at, put]) => text.slice(0, at) + put + text.slice(at + 1), SEED),
)
const anyText = fc.oneof(mutatedSeed, fc.json({ maxDepth: 4 }), fc.string())

describe('any text at all', () => {
  it('as a configuration is accepted or refused with a reason (1,000 inputs)', () => {
    fc.assert(
      fc.property(anyText, (text) => judge(() => parseConfig(text, 'c'))),
      { numRuns: 1000 },
    )
  })

  it('as an annotation is accepted or refused with a reason (1,000 inputs)', () => {
    const key = fc.constantFrom(
      'bindings',
      'policy',
      'mode',
      'inject',
      'metrics-port',
      'status',
      'agent-cpu-limit',
      'constructor',
    )
    const annotations = fc.tuple(key, anyText).map(([name, text]) => ({ [`kernelseal.io/${name}`]: text }))
    fc.assert(
      fc.property(annotations, (made) => judge(() => parseAnnotations(made, {}))),
      { numRuns: 1000 },
    )
  })
})
