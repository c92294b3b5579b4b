/** The variables of one container under `seal-env`: those with a secret in them, and those that stay in the open, with the reason. */
import type { Capacities } from '../../../agent/policy/secrets/capacities.ts'
import { slotIn } from '../../../agent/policy/secrets/placeholder.ts'
import type { SealEnv } from '../../../agent/policy/secrets/seal-env.ts'
import type { SealEnvFrom } from '../../../agent/policy/secrets/seal-env-from.ts'
import { findReference } from '../../../agent/policy/secrets/template.ts'
import type { IsFor } from '../../../agent/policy/secrets/variables.ts'
import { wrongSecretKey, wrongSecretName, wrongVariable } from '../../../agent/policy/text/names.ts'
import { quote } from '../../../agent/policy/text/suggest.ts'
import type { Binding, Config } from '../../../agent/policy/types.ts'
import { type Deny, deny } from '../answer/outcome.ts'
import { type Container, type EnvVar, isObject, listOf, textOf } from '../pod/pod.ts'
import { fromWhole } from './env-from.ts'
import { expand, isNameOfVariable, isOfService, type Known, knownOf } from './expand.ts'
import type { Growth } from './growth.ts'
import { type WrittenRef, type WrittenSource, written } from './written.ts'

export interface SealInput {
  readonly sealEnv: SealEnv
  /** Containers that start after the agent. */
  readonly covered: readonly Container[]
  /** Containers that start before it: their variables would stay unfilled. */
  readonly uncovered: readonly Container[]
  /** The author's bindings; such a variable is not looked at. */
  readonly config: Config
  readonly serves: IsFor
  readonly capacities: Capacities
  readonly envFrom: SealEnvFrom
  /** The kubelet knows the variables of Services (`enableServiceLinks`). */
  readonly serviceLinks: boolean
  /** Bindings of an earlier pass, for variables that are placeholders by now. */
  readonly earlier: readonly Binding[]
}

interface ContainerResult {
  readonly refs: readonly WrittenRef[]
  readonly open: readonly string[]
  readonly refusal?: Deny
}

export function sealContainer(container: Container, input: SealInput, growth: Growth): ContainerResult {
  const hasEnvFrom = listOf(container.envFrom).length > 0
  const mayExist = (name: string): boolean =>
    (hasEnvFrom && isNameOfVariable(name)) || isOfService(name, input.serviceLinks)
  const bound = boundNames(input, container.name)
  const earlier = earlierSources(input.earlier, container.name)
  const refs = new Map<string, WrittenRef>()
  const known = new Map<string, Known>()
  const refuse = (refusal: Deny): ContainerResult => ({ refs: [], open: [], refusal })
  const whole = fromWhole(container, input.envFrom, growth)
  if (whole.over !== undefined) return refuse(deny('too-much-to-seal', whole.over))
  const open = [...whole.open]
  for (const [name, source] of [...whole.refs].filter(([variable]) => !bound.has(variable))) {
    known.set(name, { kind: 'sealed' })
    refs.set(name, written(name, source, input.capacities))
  }
  for (const entry of container.env ?? []) {
    if (typeof entry.name !== 'string' || entry.name === '') continue
    const source = bound.has(entry.name) ? undefined : sourceOf(entry, known, mayExist, growth, earlier.get(entry.name))
    const place = `${quote(entry.name)} of container \`${container.name}\``
    const spent = growth.overFollowed()
    if (spent !== undefined) return refuse(deny('too-much-to-seal', `${spent}, at ${place}`))
    if (source !== undefined && 'unknown' in source)
      return refuse(deny('composed-by-kubelet', `\`env\` ${place} also refers to ${quote(source.unknown)}`))
    const why = source === undefined ? undefined : cannotSeal(entry)
    const sealed = source !== undefined && why === undefined
    const now = sealed ? ({ kind: 'sealed' } as const) : knownOf(entry, known, mayExist, growth)
    known.set(entry.name, now)
    const isNew = !refs.has(entry.name)
    if (sealed) refs.set(entry.name, written(entry.name, source.source, input.capacities))
    else refs.delete(entry.name)
    if (why !== undefined) open.push(`${why}: ${entry.name} of container ${container.name}`)
    const wrong = sealed ? wrongReference(source.source) : undefined
    if (wrong !== undefined) return refuse(deny('bad-pod', `\`env\` ${place}: ${wrong}`))
    const over =
      (sealed && isNew ? growth.addVariable() : undefined) ?? growth.addComposed(composedBy(entry, now, source))
    if (over !== undefined) return refuse(deny('too-much-to-seal', `${over}, at ${place}`))
  }
  return { refs: [...refs.values()], open }
}

/** Characters that following the references of an entry made; a plain value is as long as it was. */
function composedBy(entry: EnvVar, now: Known, source: ReturnType<typeof sourceOf>): number {
  if (source !== undefined && 'source' in source && 'template' in source.source) return source.source.template.length
  if (now.kind !== 'literal' || typeof entry.value !== 'string' || !entry.value.includes('$(')) return 0
  return now.text.length
}

/** Where the value of an entry comes from, when it is or contains a secret. */
function sourceOf(
  entry: EnvVar,
  known: ReadonlyMap<string, Known>,
  mayExist: (name: string) => boolean,
  growth: Growth,
  earlier: WrittenSource | undefined,
): { readonly source: WrittenSource } | { readonly unknown: string } | undefined {
  const reference = isObject(entry.valueFrom) ? entry.valueFrom.secretKeyRef : undefined
  if (isObject(reference))
    return { source: { secretKeyRef: { name: textOf(reference.name), key: textOf(reference.key) } } }
  if (typeof entry.value !== 'string') return undefined
  if (slotIn(entry.value) !== undefined) return earlier && { source: earlier }
  if (findReference(entry.value, (name) => known.get(name)?.kind === 'sealed') === undefined) return undefined
  const expansion = expand(entry.value, known, mayExist, growth)
  if (expansion.kind === 'unknown') return { unknown: expansion.name }
  return expansion.kind === 'template' ? { source: { template: expansion.template } } : undefined
}

/** Why a variable with a secret has to stay with the kubelet. */
function cannotSeal({ name, valueFrom }: EnvVar): string | undefined {
  const reference = isObject(valueFrom) && isObject(valueFrom.secretKeyRef) ? valueFrom.secretKeyRef : undefined
  if (reference?.optional === true) return 'the reference is `optional`'
  if (/[-.]/.test(String(name))) return 'only names of letters, digits and _ can be sealed'
  return wrongVariable(String(name))?.message
}

/** The API server looks at neither, and the kubelet would wait for a Secret that cannot be made. */
function wrongReference(source: WrittenSource): string | undefined {
  if (!('secretKeyRef' in source)) return undefined
  const { name, key } = source.secretKeyRef
  const wrong = wrongSecretName(name) ?? wrongSecretKey(key)
  return wrong && `${wrong.message} (${wrong.hint})`
}

/** A binding for another program and for visitors, such as a probe's, leaves the entrypoint its own. */
function boundNames({ config, serves }: SealInput, container: string): Set<string> {
  const bindings = config.secrets
    .filter((binding) => serves(binding, container))
    .filter(({ selector }) => selector.binary === undefined || selector.lineage !== 'any')
  return new Set(bindings.flatMap(({ secretRefs }) => secretRefs.map(({ name }) => name)))
}

function earlierSources(bindings: readonly Binding[], container: string): Map<string, WrittenSource> {
  const refs = bindings
    .filter(({ selector }) => selector.container === container)
    .flatMap(({ secretRefs }) => secretRefs)
  return new Map(
    refs.flatMap(({ name, source }): [string, WrittenSource][] => {
      if (source.kind === 'secretKeyRef') return [[name, { secretKeyRef: { name: source.name, key: source.key } }]]
      return source.kind === 'template' ? [[name, { template: source.template }]] : []
    }),
  )
}
