/** The kinds of values that settings have, and their text forms. */
import { QUANTITY } from '../../agent/policy/pod-keys.ts'
import { quote } from '../../agent/policy/text/suggest.ts'

export type Kind = 'text' | 'address' | 'quantity' | 'port' | 'seconds' | 'list' | readonly string[]

/** Of a server that holds secrets: TLS alone, and no path, user or query. */
const ADDRESS = /^https:\/\/[^/?#@]+\/?$/

/** The text as a value of its kind, or the expected form. */
export function parseSetting(kind: Kind, text: string): { readonly value: unknown } | { readonly expected: string } {
  const number = /^[0-9]{1,5}$/.test(text) ? Number(text) : Number.NaN
  switch (kind) {
    case 'text':
      return { value: text }
    case 'address':
      return text === '' || ADDRESS.test(text) ? { value: text } : { expected: '`https://host:port`' }
    case 'quantity':
      return text === '' || QUANTITY.test(text) ? { value: text } : { expected: 'a quantity such as `100m` or `64Mi`' }
    case 'list':
      return {
        value: text
          .split(',')
          .map((item) => item.trim())
          .filter((item) => item !== ''),
      }
    case 'port':
      // 0 lets the system choose, for tests.
      return number <= 65535 ? { value: number } : { expected: 'a port, 0 to 65535' }
    case 'seconds':
      return number <= 300 ? { value: number } : { expected: 'seconds, 0 to 300' }
    default:
      return kind.includes(text) ? { value: text } : { expected: kind.map(quote).join(', ') }
  }
}
