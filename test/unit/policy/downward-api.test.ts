import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { parseDownwardApi } from '../../../agent/policy/annotations.ts'

/** Go's strconv.Quote, as the kubelet applies it, for text without unprintable characters beyond ASCII. */
function goQuote(text: string): string {
  const escapes: Record<string, string> = { '\n': '\\n', '\t': '\\t', '\r': '\\r', '"': '\\"', '\\': '\\\\' }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these characters are quoted
  return `"${text.replace(/[\x00-\x1f"\\\x7f]/g, (c) => escapes[c] ?? `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`)}"`
}

describe('the downward API file', () => {
  it('gives back the annotations the kubelet wrote', () => {
    const text = 'a="1"\nkernelseal.io/bindings="- name: db\\n  x: \\"y\\"\\n\\tz: \\\\ \\u00e9\\U0001f511 é"'
    assert.deepEqual(parseDownwardApi(text), {
      a: '1',
      'kernelseal.io/bindings': '- name: db\n  x: "y"\n\tz: \\ é🔑 é',
    })
  })

  it('decodes every escape of Go', () => {
    assert.deepEqual(parseDownwardApi(String.raw`k="\a\b\f\n\r\t\v\\\"\x41\101\xc3\xa9\u0042"`), {
      k: '\x07\b\f\n\r\t\v\\"AAéB',
    })
  })

  it('of no annotations is empty', () => assert.deepEqual(parseDownwardApi(''), {}))

  it('gives back any text', () => {
    const key = fc.stringMatching(/^[a-z][a-z./]{0,8}$/)
    const text = fc.string({ unit: fc.constantFrom('a', '\n', '"', '\\', '\t', '=', 'é', '🔑', '\x01', ' ') })
    fc.assert(
      fc.property(fc.dictionary(key, text, { noNullPrototype: true }), (annotations) => {
        const lines = Object.entries(annotations).map(([name, value]) => `${name}=${goQuote(value)}`)
        assert.deepEqual(parseDownwardApi(lines.join('\n')), annotations)
      }),
    )
  })

  it('of the largest size Kubernetes allows is read', () => {
    const value = 'x"\n'.repeat(87_000)
    assert.equal(parseDownwardApi(`k=${goQuote(value)}`).k, value)
  })

  for (const [what, text, message] of [
    ['cut short inside a value', 'a="1"\nb="hal', /line 2 is cut short/],
    ['cut short inside an escape', 'a="1\\', /line 1 is cut short/],
    ['with text after the quote', 'a="1"x', /line 1 is cut short or has text after/],
    ['without a quote', 'a=1', /line 1 is not `key="value"`/],
    ['with an unknown escape', 'a="\\q"', /unknown escape/],
    ['with an octal beyond a byte', 'a="\\777"', /unknown escape/],
    ['with a code point beyond Unicode', 'a="\\UFFFFFFFF"', /unknown escape/],
  ] as const) {
    it(`${what} is refused with the line`, () => assert.throws(() => parseDownwardApi(text), message))
  }

  it('that is refused is not repeated: it may hold what is meant for a Secret', () =>
    assert.throws(
      () => parseDownwardApi('kernelseal.io/bindings="hunter2'),
      (error: Error) => !error.message.includes('hunter2'),
    ))
})
