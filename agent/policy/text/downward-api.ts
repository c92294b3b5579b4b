/**
 * The file a downward-API volume holds for `metadata.annotations`: one `key="value"` line each, the value quoted as
 * Go's `%q` does it (kubelet: pkg/fieldpath FormatMap).
 */
import { quote } from './suggest.ts'

/**
 * @throws Error naming the line, when the file is cut short or not of this form: a policy read from half a file
 * would be a weaker one.
 */
export function parseDownwardApi(text: string): Record<string, string> {
  const entries: [string, string][] = []
  for (const [index, line] of text.split('\n').entries()) {
    if (line !== '') entries.push(parseLine(line, index + 1))
  }
  return Object.fromEntries(entries)
}

const LINE = /^([^="\s]+)="((?:[^"\\]|\\.)*)"$/u

function parseLine(line: string, number: number): [string, string] {
  const match = LINE.exec(line)
  if (match === null) {
    const reason = /^[^="\s]+="/.test(line)
      ? 'is cut short or has text after the closing quote'
      : 'is not `key="value"`'
    // Not the line: what stands there may be meant for a Secret.
    throw new Error(`downward API file: line ${number} ${reason}`)
  }
  return [match[1]!, unquote(match[2]!, number)]
}

const SIMPLE: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
}
/** \xNN and \NNN are bytes, \uNNNN and \UNNNNNNNN code points (Go specification, "Rune literals"). */
const ESCAPE = /\\(?:x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))/gsu

/** Through bytes, because a run of \xNN may be the UTF-8 form of one character. */
function unquote(quoted: string, line: number): string {
  if (!quoted.includes('\\')) return quoted
  const parts: Buffer[] = []
  let from = 0
  for (const match of quoted.matchAll(ESCAPE)) {
    parts.push(Buffer.from(quoted.slice(from, match.index)), decode(match, line))
    from = match.index + match[0].length
  }
  parts.push(Buffer.from(quoted.slice(from)))
  return Buffer.concat(parts).toString('utf8')
}

function decode([whole, hex, octal, short, long, simple]: RegExpExecArray, line: number): Buffer {
  if (hex !== undefined) return Buffer.from([Number.parseInt(hex, 16)])
  if (octal !== undefined && Number.parseInt(octal, 8) <= 0xff) return Buffer.from([Number.parseInt(octal, 8)])
  const point = short ?? long
  if (point !== undefined && Number.parseInt(point, 16) <= 0x10ffff) {
    return Buffer.from(String.fromCodePoint(Number.parseInt(point, 16)))
  }
  const plain = simple === undefined ? undefined : SIMPLE[simple]
  if (plain === undefined) throw new Error(`downward API file: line ${line} has the unknown escape ${quote(whole)}`)
  return Buffer.from(plain)
}
