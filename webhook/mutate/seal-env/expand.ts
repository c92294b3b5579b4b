/**
 * `$(NAME)` in `env[].value`, resolved as the kubelet would: by value where the webhook knows it, by name where only
 * the agent does.
 */
import { MAX_CAPACITY } from '../../../agent/policy/secrets/placeholder.ts'
import { templateParts } from '../../../agent/policy/secrets/template.ts'
import { type EnvVar, isObject } from '../pod/pod.ts'
import type { Growth } from './growth.ts'

/** An earlier environment entry, as seen by one that refers to it. */
export type Known =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'sealed' }
  | { readonly kind: 'kubelet' }

/** A template without references but those to sealed variables; or the reference that only the kubelet can resolve. */
export type Expansion =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'template'; readonly template: string }
  | { readonly kind: 'unknown'; readonly name: string }

/**
 * kubelet, makeEnvironmentVariables: a value sees the entries before it, then Services; an unset name stays as it is
 * written. `envFrom` and Services are known to the kubelet alone. A value that grows beyond any placeholder (each of forty
 * variables may double the one before) counts as unknown.
 * @param earlier entries before this one, by name
 * @param mayExist whether the kubelet may know a name that no earlier entry has
 * @param growth counts the work; beyond its limit any value is unknown
 */
export function expand(
  value: string,
  earlier: ReadonlyMap<string, Known>,
  mayExist: (name: string) => boolean,
  growth: Growth,
): Expansion {
  let template = ''
  let text = ''
  let sealed = false
  for (const part of templateParts(value)) {
    if (part.kind === 'reference' && !growth.follow(part.name.length)) return { kind: 'unknown', name: cutName(value) }
    const known = part.kind === 'reference' ? earlier.get(part.name) : undefined
    if (part.kind === 'reference' && known?.kind === 'sealed') {
      sealed = true
      template += `$(${part.name})`
      continue
    }
    if (part.kind === 'reference' && (known?.kind === 'kubelet' || (known === undefined && mayExist(part.name)))) {
      return { kind: 'unknown', name: part.name }
    }
    if (known?.kind === 'literal' && !growth.follow(known.text.length)) return { kind: 'unknown', name: cutName(value) }
    const literal = part.kind === 'text' ? part.text : known?.kind === 'literal' ? known.text : `$(${part.name})`
    text += literal
    template += escaped(literal)
    if (template.length > MAX_CAPACITY) return { kind: 'unknown', name: cutName(value) }
  }
  return sealed ? { kind: 'template', template } : { kind: 'literal', text }
}

const cutName = (value: string): string => `${value.slice(0, 40)}…`

/** A `$` that stays one when the template is filled. */
const escaped = (text: string): string => text.replaceAll('$', '$$$$')

/** An entry as later ones see it. */
export function knownOf(
  entry: EnvVar,
  earlier: ReadonlyMap<string, Known>,
  mayExist: (name: string) => boolean,
  growth: Growth,
): Known {
  if (isObject(entry.valueFrom)) return { kind: 'kubelet' }
  const expansion = expand(typeof entry.value === 'string' ? entry.value : '', earlier, mayExist, growth)
  if (expansion.kind === 'literal') return { kind: 'literal', text: expansion.text }
  return expansion.kind === 'template' ? { kind: 'sealed' } : { kind: 'kubelet' }
}

/**
 * Variables of Services, `<NAME>_SERVICE_HOST` and the like (kubelet, envvars.FromServices): which there are is known when the
 * container starts. Those of the API server come even without `enableServiceLinks`.
 */
const OF_SERVICE = /_(SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)|PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$/

/** A Service's name has 63 characters at most; a longer one is not looked at, which could take as long as its author likes. */
const MAX_NAME = 128

/** Of a variable that an `envFrom` may bring (apimachinery, IsRelaxedEnvVarName): printable ASCII without `=`. */
export const isNameOfVariable = (name: string): boolean => /^[ -<>-~]+$/.test(name)

export const isOfService = (name: string, hasLinks: boolean): boolean =>
  name.length <= MAX_NAME && OF_SERVICE.test(name) && (hasLinks || name.startsWith('KUBERNETES_'))
