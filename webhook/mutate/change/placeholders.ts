/** Placeholders into the environment of the application's containers, and the obstacles to it. */
import { slotIn } from '../../../agent/policy/secrets/placeholder.ts'
import { findReference } from '../../../agent/policy/secrets/template.ts'
import type { IsFor, Variable } from '../../../agent/policy/secrets/variables.ts'
import type { Config, Source } from '../../../agent/policy/types.ts'
import { type Container, type EnvVar, isObject, listOf } from '../pod/pod.ts'
import { SEAL_ENV_BINDING } from '../seal-env/seal-env.ts'

export const variablesIn = ({ name }: Container, variables: readonly Variable[]): readonly Variable[] =>
  variables.filter(({ container }) => container === name)

/**
 * The environment a container shall have: each placeholder where its variable stood before, or at the end.
 * Anything else of that name has been refused by `envConflict`.
 */
export function envWith(container: Container, variables: readonly Variable[]): readonly EnvVar[] {
  const missing = new Map(variables.map(({ name, placeholder }) => [name, placeholder]))
  const bound = new Set(missing.keys())
  const kept = (container.env ?? []).flatMap((entry) => {
    if (typeof entry.name !== 'string' || !bound.has(entry.name)) return [entry]
    const value = missing.get(entry.name)
    missing.delete(entry.name)
    return value === undefined ? [] : [{ name: entry.name, value }]
  })
  return [...kept, ...[...missing].map(([name, value]) => ({ name, value }))]
}

/**
 * A bound variable the container sets by itself. Passes: a placeholder, from an earlier pass or forged (it is
 * replaced), the reference to the very Secret key the binding names, and the text that `seal-env` made a template of
 * (they become sealed).
 */
export function envConflict(
  container: Container,
  variables: readonly Variable[],
  config: Config,
  serves: IsFor,
): string | undefined {
  const bound = new Set(variables.map(({ name }) => name))
  const sources = sourcesFor(container.name, config, serves)
  // The last entry of a name is the one that counts (kubelet, makeEnvironmentVariables); the others are dropped.
  const last = new Map((container.env ?? []).map((entry) => [entry.name, entry]))
  for (const entry of last.values()) {
    if (typeof entry.name !== 'string' || !bound.has(entry.name)) continue
    if (typeof entry.value === 'string' && slotIn(entry.value) !== undefined) continue
    if (isSealedAsItStands(entry, sources.get(entry.name) ?? [])) continue
    if (isComposed(entry, container.name, config)) continue
    return `\`${entry.name}\` in container \`${container.name}\``
  }
  return undefined
}

/** By variable, and once for all entries: a container may set the same one 20,000 times. */
function sourcesFor(container: string, config: Config, serves: IsFor): ReadonlyMap<string, readonly Source[]> {
  const bindings = config.secrets.filter((binding) => serves(binding, container))
  const sources = new Map<string, Source[]>()
  for (const { name, source } of bindings.flatMap(({ secretRefs }) => secretRefs)) {
    sources.set(name, [...(sources.get(name) ?? []), source])
  }
  return sources
}

function isSealedAsItStands(entry: EnvVar, sources: readonly Source[]): boolean {
  const reference = isObject(entry.valueFrom) ? entry.valueFrom.secretKeyRef : undefined
  if (!isObject(reference)) return false
  return sources.every((source) => {
    return source.kind === 'secretKeyRef' && source.name === reference.name && source.key === reference.key
  })
}

/** Only `seal-env` binds a template to one container and leaves the text where it was. */
function isComposed({ name, value }: EnvVar, container: string, config: Config): boolean {
  if (typeof value !== 'string' || findReference(value, () => true) === undefined) return false
  return config.secrets.some(
    (binding) =>
      binding.name.startsWith(SEAL_ENV_BINDING) &&
      binding.selector.container === container &&
      binding.secretRefs.some((ref) => ref.name === name && ref.source.kind === 'template'),
  )
}

/** Where the kubelet would expand `$(NAME)` of a bound variable. */
export function expansionInCommand(container: Container, variables: readonly Variable[]): string | undefined {
  return expansionOf(container, variables, [
    ...listOf(container.command).map((text): Place => ['`command`', text]),
    ...listOf(container.args).map((text): Place => ['`args`', text]),
  ])
}

/** A value before the variable keeps `$(NAME)` as text, which no program expects either. */
export function expansionInEnv(container: Container, variables: readonly Variable[]): string | undefined {
  const bound = new Set(variables.map(({ name }) => name))
  const env = container.env ?? []
  const places = env.flatMap(({ name, value }, index): Place[] =>
    bound.has(String(name)) ? [] : [[`\`env\` ${String(name)}`, value, index]],
  )
  return expansionOf(container, variables, places, (reference, index) =>
    env.slice(0, index + 1).some(({ name }) => String(name) === reference)
      ? ''
      : ', which stands before it, so that the kubelet leaves it as text',
  )
}

type Place = readonly [place: string, text: unknown, index?: number]

function expansionOf(
  container: Container,
  variables: readonly Variable[],
  texts: readonly Place[],
  more: (reference: string, index: number) => string = () => '',
): string | undefined {
  const bound = new Set(variables.map(({ name }) => name))
  for (const [place, text, index = 0] of texts) {
    const name = typeof text === 'string' ? findReference(text, (reference) => bound.has(reference)) : undefined
    if (name !== undefined) return `\`$(${name})\` in ${place} of container \`${container.name}\`${more(name, index)}`
  }
  return undefined
}
