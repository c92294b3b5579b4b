/** A value of the document with its path, which the schema reads by type. Wrong values go to the report. */
import type { Wrong } from './names.ts'
import type { Report } from './problems.ts'
import { didYouMean, nearest, quote } from './suggest.ts'

export class Field {
  readonly value: unknown
  readonly path: string
  readonly report: Report
  /** No text of the author's below here is repeated: by a slip any of it may be the secret. */
  readonly isHidden: boolean

  constructor(value: unknown, path: string, report: Report, isHidden = false) {
    this.value = value
    this.path = path
    this.report = report
    this.isHidden = isHidden
  }

  hidden(): Field {
    return new Field(this.value, this.path, this.report, true)
  }

  error(message: string, hint?: string): undefined {
    this.report.error(this.path, message, hint)
    return undefined
  }

  warning(message: string, hint?: string): void {
    this.report.warning(this.path, message, hint)
  }

  /** Reports a wrong name; returns the text when nothing is wrong with it. */
  checked(text: string | undefined, rule: (text: string) => Wrong | undefined): string | undefined {
    const wrong = text === undefined ? undefined : rule(text)
    return wrong === undefined ? text : this.error(this.isHidden ? wrong.bare : wrong.message, wrong.hint)
  }

  /** A mapping with known keys only; unknown keys are errors, and reading goes on. */
  mapping<Key extends string>(known: readonly Key[]): Mapping<Key> | undefined {
    if (!isMapping(this.value)) return this.wrongType('a mapping')
    for (const key of Object.keys(this.value)) {
      if ((known as readonly string[]).includes(key)) continue
      // YAML takes `value:x` for a key.
      const hint = key.includes(':') ? 'a colon needs a space after it' : didYouMean(key, known)
      if (this.isHidden) this.error('has an unknown key', hint)
      else this.report.error(this.child(key), `unknown key ${quote(key)}`, didYouMean(key, known))
    }
    return new Mapping(this, this.value)
  }

  list(): readonly Field[] | undefined {
    if (!Array.isArray(this.value)) return this.wrongType('a list')
    return this.value.map((item, index) => new Field(item, `${this.path}[${index}]`, this.report, this.isHidden))
  }

  text(): string | undefined {
    if (typeof this.value === 'string')
      return this.value === '' ? this.error('is empty', 'give it a value, or remove the key') : this.value
    const hint = typeof this.value === 'number' || typeof this.value === 'boolean' ? 'put it in quotes' : undefined
    return this.wrongType('text', hint)
  }

  boolean(): boolean | undefined {
    if (typeof this.value === 'boolean') return this.value
    return this.wrongType(
      'true or false',
      typeof this.value === 'string' ? 'without quotes; yes and on are text' : undefined,
    )
  }

  integer(min: number, max: number): number | undefined {
    const value = this.value
    if (typeof value !== 'number' || !Number.isInteger(value)) return this.wrongType('a whole number')
    return value >= min && value <= max ? value : this.error(`is ${value}, must be ${min} to ${max}`)
  }

  oneOf<Word extends string>(words: readonly Word[]): Word | undefined {
    const text = this.text()
    if (text === undefined) return undefined
    const word = words.find((candidate) => candidate === text)
    const is = this.isHidden ? '' : `is ${quote(text)}, `
    return word ?? this.error(`${is}must be ${words.map(quote).join(', ')}`, guess(text, words))
  }

  /** Text to text, as labels are. */
  textMap(): Record<string, string> | undefined {
    if (!isMapping(this.value)) return this.wrongType('a mapping')
    const entries = Object.entries(this.value).map(([key, value]) => [key, this.at(key, value).text()] as const)
    return Object.fromEntries(entries.flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])))
  }

  at(key: string, value: unknown): Field {
    return new Field(value, this.child(key), this.report, this.isHidden)
  }

  private child(key: string): string {
    return this.path === '' ? key : `${this.path}.${key}`
  }

  private wrongType(expected: string, hint?: string): undefined {
    return this.error(`must be ${expected}, is ${describe(this.value, this.isHidden)}`, hint)
  }
}

/** A mapping under its known keys. */
export class Mapping<Key extends string> {
  private readonly field: Field
  private readonly entries: Readonly<Record<string, unknown>>

  constructor(field: Field, entries: Readonly<Record<string, unknown>>) {
    this.field = field
    this.entries = entries
  }

  /** The field at a key, or undefined when the key is absent. An empty value (`key:`) is present, and of the wrong type. */
  get(key: Key): Field | undefined {
    return Object.hasOwn(this.entries, key) ? this.field.at(key, this.entries[key]) : undefined
  }

  required(key: Key): Field | undefined {
    const field = this.get(key)
    if (field === undefined) this.field.error(`lacks the key \`${key}\``)
    return field
  }
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A value's type, and the value itself where it cannot be a secret: neither text nor a number that may be a PIN. */
function describe(value: unknown, isHidden: boolean): string {
  if (value === null) return 'empty'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a mapping'
  if (typeof value === 'string') return 'text'
  if (typeof value === 'number' && (isHidden || String(value).length > 2)) return 'a number'
  if (isHidden) return `a ${typeof value}`
  return `${typeof value} ${quote(String(value))}`
}

function guess(text: string, words: readonly string[]): string | undefined {
  const word = nearest(text, words)
  return word === undefined ? undefined : `did you mean ${quote(word)}?`
}

type Present<T> = { [Key in keyof T]?: Exclude<T[Key], undefined> }

/** Without the undefined keys, which `exactOptionalPropertyTypes` tells apart from absent ones. */
export function present<T extends object>(entries: T): Present<T> {
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined)) as Present<T>
}
