import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { CORE_SCHEMA, constructFromEvents, parseEvents } from 'js-yaml'
import { ConfigError, parseConfig } from '../../../../agent/policy/parse.ts'
import { fillTemplate } from '../../../../agent/policy/secrets/template.ts'
import { cyclesIn } from '../../../../agent/policy/secrets/template-cycles.ts'
import { countNodes } from '../../../../agent/policy/text/node-count.ts'
import { quote, visible } from '../../../../agent/policy/text/suggest.ts'

/** Keys and values of the parsed text, aliases written out. */
function sizeOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + sizeOf(item), 1)
  return Object.entries(value).reduce((sum, [, item]) => sum + 1 + sizeOf(item), 1)
}

const count = (text: string, limit = 1000): number => countNodes(parseEvents(text, {}), text, limit)

describe('the number of keys and values of a YAML text', () => {
  for (const text of [
    'a: 1',
    '[1, [2, 3], {a: {b: c}}]',
    'a: &x [1, 2]\nb: *x\nc: [*x, *x]',
    'a: &x 1\nb: &y {k: *x}\nc: [*y, *y]',
    'a: &x [1]\nb: &x [1, 2, 3]\nc: *x',
  ]) {
    it(`is that of the parsed \`${text.replaceAll('\n', '; ')}\``, () => {
      const [value] = constructFromEvents(parseEvents(text, {}), { source: text, schema: CORE_SCHEMA })
      // The document itself is one more.
      assert.equal(count(text), sizeOf(value) + 1)
    })
  }

  it('is beyond any limit for a value that contains itself, and for an alias to nothing', () => {
    assert.equal(count('&a [*a]', 50), 51)
    assert.equal(count('[*missing]', 50), 51)
  })

  it('of aliases to aliases is known without writing them out', () => {
    const levels = Array.from({ length: 30 }, (_, i) => `l${i + 1}: &l${i + 1} [*l${i}, *l${i}, *l${i}]`)
    const start = performance.now()
    assert.equal(count(`l0: &l0 [x]\n${levels.join('\n')}`, 16_384), 16_385)
    assert.ok(performance.now() - start < 1000)
  })
})

describe('templates that lead back to themselves', () => {
  it('are found exactly where there is a way back', () => {
    const graph = fc.array(fc.uniqueArray(fc.nat(7), { maxLength: 3 }), { minLength: 8, maxLength: 8 })
    const same = fc.property(graph, (edges) => {
      const references = new Map(edges.map((to, from) => [String(from), to.map(String)]))
      const reaches = (from: string, to: string, seen = new Set<string>()): boolean =>
        (references.get(from) ?? []).some(
          (next) => next === to || (!seen.has(next) && reaches(next, to, seen.add(next))),
        )
      const isCyclic = [...references.keys()].some((name) => reaches(name, name))
      const found = cyclesIn(references)
      assert.equal(found.size > 0, isCyclic)
      for (const [name, chain] of found) {
        assert.deepEqual([chain[0], chain.at(-1)], [name, name])
        for (const [i, step] of chain.slice(0, -1).entries()) assert.ok(references.get(step)?.includes(chain[i + 1]!))
      }
    })
    fc.assert(same, { numRuns: 2000 })
  })

  it('are looked for in one pass: 2,000 templates of all that follow take no longer than the text is long', () => {
    const names = Array.from({ length: 2000 }, (_, i) => String(i))
    const references = new Map(names.map((name, i) => [name, names.slice(i + 1)]))
    const start = process.cpuUsage()
    assert.equal(cyclesIn(references).size, 0)
    // Two million references; the square of that would take hours.
    assert.ok(process.cpuUsage(start).user < 3e6)
  })
})

it('a composed value ends where no placeholder could hold it', () => {
  const long = 'x'.repeat(1000)
  assert.equal(fillTemplate('$(A)$(A)', () => long, 2000)?.length, 2000)
  let asked = 0
  const lookUp = () => {
    asked++
    return long
  }
  assert.equal(fillTemplate('$(A)'.repeat(60_000), lookUp, 65_536), undefined)
  assert.equal(asked, 66, 'reading stops there')
})

it('a text with a thousand errors is refused after a hundred, with the first twenty in words', () => {
  const refs = Array.from({ length: 1000 }, () => '{nam: A}').join(', ')
  const read = () => parseConfig(`secrets: [{name: a, secretRefs: [${refs}]}]`, 'file.yaml')
  assert.throws(read, (error: ConfigError) => {
    assert.ok(error instanceof ConfigError)
    assert.equal(error.problems.length, 101)
    assert.match(error.message, /^file\.yaml:1: .*has an unknown key \(did you mean `name`\?\).*and 81 more errors$/s)
    return true
  })
})

it('a hundred and more warnings refuse nothing', () => {
  const bindings = Array.from(
    { length: 60 },
    (_, i) =>
      `{name: b${i}, selector: {binary: /b${i}, namespace: n, labels: {a: b}, cgroupPath: c}, secretRefs: [{name: V${i}, source: {envRef: V}}]}`,
  )
  assert.equal(parseConfig(`secrets: [${bindings.join(', ')}]`, 'c').warnings.length, 100)
})

describe('text from a stranger', () => {
  for (const code of [
    0x00, 0x07, 0x1b, 0x7f, 0x80, 0x9b, 0xad, 0x200b, 0x200e, 0x2028, 0x202e, 0x2066, 0xfeff, 0xe0041,
  ]) {
    it(`never shows U+${code.toString(16).toUpperCase().padStart(4, '0')} as it is`, () => {
      const character = String.fromCodePoint(code)
      for (const shown of [quote(`a${character}b`), visible(`a${character}b`)]) {
        assert.ok(!shown.includes(character))
        assert.match(shown, /^`?a\\.*b`?$/)
      }
    })
  }

  it('cannot end its quotes, nor hide in half a character', () => {
    assert.equal(quote('a` and `b'), "`a' and 'b`")
    assert.ok(!/[\ud800-\udfff]/.test(quote(`${'x'.repeat(78)}😀😀`).replace('…', '')))
  })

  it('keeps letters of every script, and line breaks where lines are meant', () => {
    assert.equal(visible('größe\nжук 日本'), 'größe\nжук 日本')
  })
})
