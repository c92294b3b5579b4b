/** Checks across bindings: limits, duplicates, conflicts, templates. */

import type { Located } from '../schema.ts'
import type { Field } from '../text/field.ts'
import { didYouMean, quote } from '../text/suggest.ts'
import type { Binding, SecretRef, Selector } from '../types.ts'
import { checkAlternatives } from './alternatives.ts'
import { cyclesIn, referencesOf } from './template-cycles.ts'

/** Bindings of one scope: a bit each in a 64-bit word, of which the last is the canary's (bpf/lib/wire/limit.h). */
export const MAX_BINDINGS = 63
/** Variables of one scope, over all its bindings; the kernel's tables are sized for it. */
export const MAX_VARIABLES = 256
/**
 * Bytes of placeholders: arguments and environment of an exec share 2 MiB (a quarter of the default 8 MiB stack,
 * execve(2)), and a Pod must fit into etcd's 1.5 MiB request (--max-request-bytes), with room left for the rest.
 */
export const MAX_CAPACITY_IN_ALL = 1024 * 1024

export function checkBindings(located: readonly Located[]): void {
  // Beyond the limits nothing is compared: the comparisons are quadratic, and the configuration is refused anyway.
  if (!withinLimits(located)) return
  checkAlternatives(located)
  const bound: Bound[] = []
  for (const [index, at] of located.entries()) {
    checkBindingName(located.slice(0, index), at)
    checkDuplicates(at)
    checkConflicts(bound, at)
    checkTemplates(at)
    bound.push(...at.binding.secretRefs.map((ref) => ({ ref, at })))
  }
}

function withinLimits(located: readonly Located[]): boolean {
  const first = located[MAX_BINDINGS]
  first?.field.error(
    `is one of ${located.length} bindings, the limit is ${MAX_BINDINGS}`,
    'merge bindings of one binary',
  )
  let variables = 0
  for (const { binding, field } of located) {
    const before = variables
    variables += binding.secretRefs.length
    if (before <= MAX_VARIABLES && variables > MAX_VARIABLES) {
      field.error(`brings the variables to ${variables}, the limit is ${MAX_VARIABLES}`, 'seal only what is secret')
    }
  }
  const bytes = located.flatMap(({ binding }) => binding.secretRefs).reduce((sum, ref) => sum + ref.capacity, 0)
  if (bytes > MAX_CAPACITY_IN_ALL) {
    const message = `is where the placeholders add up to ${bytes} bytes, the limit is ${MAX_CAPACITY_IN_ALL}`
    located.at(-1)?.field.error(message, 'lower `capacity` to the longest value plus room for rotation')
  }
  return located.length <= MAX_BINDINGS && variables <= MAX_VARIABLES
}

function checkBindingName(earlier: readonly Located[], { binding, field }: Located): void {
  const other = earlier.find((candidate) => candidate.binding.name === binding.name)
  if (other === undefined) return
  field.report.error(nameIn(field), `${quote(binding.name)} is already the name of ${placeOf(other)}`, 'rename one')
}

function checkDuplicates({ binding, refFields }: Located): void {
  const seen = new Map<string, Field>()
  for (const [index, { name }] of binding.secretRefs.entries()) {
    const field = refFields[index]!
    const first = seen.get(name)
    if (first === undefined) seen.set(name, field)
    else field.report.error(nameIn(field), `${quote(name)} is already bound at \`${first.path}\``, 'remove one')
  }
}

interface Bound {
  readonly ref: SecretRef
  readonly at: Located
}

function checkConflicts(bound: readonly Bound[], { binding, refFields }: Located): void {
  for (const [index, { name }] of binding.secretRefs.entries()) {
    const other = bound.find((candidate) => candidate.ref.name === name && overlap(candidate.at.binding, binding))?.at
    if (other === undefined) continue
    const field = refFields[index]!
    const message = `${quote(name)} is also bound by ${placeOf(other)} for the same process`
    field.report.error(nameIn(field), message, 'set another `selector.container` or `selector.binary`')
  }
}

/** Whether one process could match both, with neither selector the more specific. */
function overlap({ selector: a }: Binding, { selector: b }: Binding): boolean {
  const sameContainer = a.container === undefined || b.container === undefined || a.container === b.container
  return sameContainer && sameBinary(a, b)
}

/** A basename also matches the absolute path that ends in it. */
function sameBinary(a: Selector, b: Selector): boolean {
  if (a.binary === undefined || b.binary === undefined) return a.binary === b.binary
  if (a.binary.includes('/') && b.binary.includes('/')) return a.binary === b.binary
  return basename(a.binary) === basename(b.binary)
}

/** Of one template: each is compared with every name there is. */
const MAX_MISSING = 10

function checkTemplates({ binding, refFields }: Located): void {
  const references = referencesOf(binding.secretRefs)
  if (references.size === 0) return
  const cycles = cyclesIn(references)
  const names = binding.secretRefs.map(({ name }) => name)
  const known = new Set(names)
  for (const [index, { name, source }] of binding.secretRefs.entries()) {
    if (source.kind !== 'template') continue
    const { report, path: refPath } = refFields[index]!
    const path = `${refPath}.source.template`
    const wanted = references.get(name) ?? []
    if (wanted.length === 0) {
      report.warning(path, 'refers to no variable, so the value stands here in the open', 'write `$(NAME)`')
    }
    for (const reference of wanted.filter((one) => !known.has(one)).slice(0, MAX_MISSING)) {
      const place = wanted.indexOf(reference) + 1
      report.error(path, `has as reference ${place} a variable that this binding lacks`, didYouMean(reference, names))
    }
    const cycle = cycles.get(name)
    if (cycle !== undefined) report.error(path, `refers to itself: ${shortened(cycle).join(' → ')}`)
  }
}

/** A chain of 256 names is no help to read. */
const shortened = (chain: readonly string[]): readonly string[] =>
  chain.length <= 8 ? chain : [...chain.slice(0, 4), '…', ...chain.slice(-3)]

const basename = (path: string) => path.slice(path.lastIndexOf('/') + 1)

/** Where the name of a variable or binding stands; a short form is its own name. */
const nameIn = ({ path }: Field) => (path === '' ? '' : `${path}.name`)
const placeOf = ({ binding, field }: Located) => {
  const place = field.path === '' ? '' : ` (\`${field.path}\`)`
  return `binding ${quote(binding.name)}${place}`
}
