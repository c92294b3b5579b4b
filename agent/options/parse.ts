/** A command line → the values of its options, with a hint for everything that is mistyped. */
import { parseArgs } from 'node:util'
import { UsageError } from '../policy/text/problems.ts'
import { didYouMean, nearest, quote } from '../policy/text/suggest.ts'
import type { Option, Options, Values, Words } from './table.ts'

export interface Parsed<O extends Options> {
  readonly values: Values<O>
  readonly words: readonly string[]
}

/**
 * @param wanted the words after the options; absent: none
 * @throws UsageError
 */
export function parseOptions<O extends Options>(options: O, args: readonly string[], wanted?: Words): Parsed<O> {
  refuseOneDash(options, args)
  const { values, positionals: words } = tried(options, args)
  for (const [name, option] of Object.entries(options)) checkWords(name, option, values[name])
  const extra = words[wanted?.most ?? 0]
  if (extra !== undefined) throw new UsageError(tooMany(extra, options))
  for (const word of words) checkListed(wanted?.value ?? '', wanted?.completes, word)
  return { values: values as Values<O>, words }
}

/** The start of a command line that belongs to us, and the command line of another program after `--`. */
export function splitAtDashes(args: readonly string[]) {
  const at = args.indexOf('--')
  return at < 0 ? { own: args, after: undefined } : { own: args.slice(0, at), after: args.slice(at + 1) }
}

function tried(options: Options, args: readonly string[]) {
  try {
    const config = Object.fromEntries(Object.entries(options).map(([name, option]) => [name, forNode(option)]))
    const { values, positionals } = parseArgs({ args: [...args], options: config, allowPositionals: true })
    return { values: values as Readonly<Record<string, unknown>>, positionals }
  } catch (error) {
    throw new UsageError(sentenceOf(error as Error, options))
  }
}

function forNode({ value, short, multiple, default: otherwise }: Option) {
  const letter = short === undefined ? {} : { short }
  if (value === undefined) return { type: 'boolean', default: false, ...letter } as const
  const rest = { ...(multiple && { multiple }), ...(otherwise !== undefined && { default: otherwise }) }
  return { type: 'string', ...letter, ...rest } as const
}

function tooMany(word: string, options: Options): string {
  const hint = Object.hasOwn(options, 'filename') ? ` (files are given by \`-f\`)` : ''
  return `${quote(word)} is one word too many${hint}`
}

/** Node's parser says which option it is about, offers nothing, and says three lines where a value begins with a dash. */
function sentenceOf({ message }: Error, options: Options): string {
  const unknown = /^Unknown option '(--?[^']+)'/.exec(message)?.[1]
  if (unknown !== undefined) return `there is no option ${quote(unknown)} (${hintFor(unknown, options)})`
  const given = /^Option '(?:-\w, )?(--?[^' ]+)/.exec(message)?.[1]
  const known = Object.entries(options).find(([name, { short }]) => given === `--${name}` || given === `-${short}`)
  if (known === undefined) return message
  const [name, { value }] = known
  if (value === undefined) return `\`--${name}\` takes no value`
  return `\`--${name}\` lacks its value: \`--${name} ${value}\`, and \`--${name}=${value}\` where that begins with a dash`
}

/** More than a person reads through. */
const MANY = 16

function hintFor(unknown: string, options: Options): string {
  const names = ['--help', ...Object.keys(options).map((name) => `--${name}`)]
  return nearest(unknown, names) === undefined && names.length > MANY
    ? '`--help` lists them'
    : didYouMean(unknown, names)
}

/** `-config FILE`, as programs in Go have it, is a row of five one-letter options here. */
function refuseOneDash(options: Options, args: readonly string[]): void {
  const known = args.find((arg) => Object.hasOwn(options, /^-([a-z][a-z-]+)(=|$)/.exec(arg)?.[1] ?? ''))
  if (known !== undefined) throw new UsageError(`${quote(known)} is written with two dashes: ${quote(`-${known}`)}`)
}

function checkWords(name: string, { completes }: Option, given: unknown): void {
  for (const value of [given].flat()) if (typeof value === 'string') checkListed(`--${name}`, completes, value)
}

function checkListed(what: string, completes: Option['completes'], given: string): void {
  if (typeof completes !== 'object' || completes.includes(given)) return
  const last = quote(completes.at(-1) ?? '')
  const others = completes.slice(0, -1).map(quote).join(', ')
  throw new UsageError(`${what} is ${others === '' ? last : `${others} or ${last}`}, not ${quote(given)}`)
}
