/** `kernelseal.io/seal-env`: the references to Secret keys in a Pod's `env` → bindings, which the Pod then carries. */
import { createHash } from 'node:crypto'
import { slotIn } from '../../agent/policy/secrets/placeholder.ts'
import type { SealEnv } from '../../agent/policy/secrets/seal-env.ts'
import { templateReferences } from '../../agent/policy/secrets/template.ts'
import { wrongVariable } from '../../agent/policy/text/names.ts'
import { didYouMean, quote } from '../../agent/policy/text/suggest.ts'
import type { Binding, Config } from '../../agent/policy/types.ts'
import { expand, type Known, knownOf } from './expand.ts'
import { Growth } from './growth.ts'
import { type Deny, deny } from './outcome.ts'
import { type Container, type EnvVar, isObject } from './pod.ts'

/** The beginning of our bindings' names. */
export const SEAL_ENV_BINDING = 'seal-env.'

/** A source as it is written in an annotation. */
type WrittenSource = { secretKeyRef: { name: string; key: string } } | { template: string }
interface WrittenRef {
  readonly name: string
  readonly source: WrittenSource
}
interface WrittenBinding {
  readonly name: string
  readonly selector: { readonly container: string }
  readonly secretRefs: readonly WrittenRef[]
}

export interface Sealing {
  readonly kind: 'sealing'
  readonly bindings: readonly WrittenBinding[]
  /** Variables that stay in the open, one sentence each. */
  readonly open: readonly string[]
}

export interface SealInput {
  readonly sealEnv: SealEnv
  /** Containers that start after the agent. */
  readonly covered: readonly Container[]
  /** Containers that start before it: their variables would stay unfilled. */
  readonly uncovered: readonly Container[]
  /** The author's bindings; such a variable is not looked at. */
  readonly config: Config
  /** Bindings of an earlier pass, for variables that are placeholders by now. */
  readonly earlier: readonly Binding[]
}

export function sealEnvOf(input: SealInput): Sealing | Deny {
  const { sealEnv, covered, uncovered } = input
  const names = [...covered, ...uncovered].map(({ name }) => name)
  const missing = sealEnv.containers === 'all' ? undefined : sealEnv.containers.find((name) => !names.includes(name))
  if (missing !== undefined) {
    return deny('no-such-container', `\`seal-env\` names ${quote(missing)} (${didYouMean(missing, names)})`)
  }
  const wanted = ({ name }: Container) => sealEnv.containers === 'all' || sealEnv.containers.includes(name)
  const growth = new Growth()
  const results = covered.filter(wanted).map((container) => ({ container, ...sealContainer(container, input, growth) }))
  const unknown = results.find(({ refusal }) => refusal !== undefined)?.refusal
  if (unknown !== undefined) return unknown
  const before = uncovered.filter(wanted).filter(usesSecrets)
  const open = [
    ...results.flatMap(({ open }) => open),
    ...before.map(({ name }) => `init container ${name} starts before the agent`),
  ]
  if (sealEnv.strict && open.length > 0) return deny('not-sealed', open.join('; '))
  const bindings = results.flatMap(({ container, refs }) =>
    refs.length === 0
      ? []
      : [{ name: bindingName(container.name), selector: { container: container.name }, secretRefs: refs }],
  )
  return { kind: 'sealing', bindings, open: open.map((text) => `KernelSeal: NOT sealed: ${text}`) }
}

interface ContainerResult {
  readonly refs: readonly WrittenRef[]
  readonly open: readonly string[]
  readonly refusal?: Deny
}

function sealContainer(container: Container, input: SealInput, growth: Growth): ContainerResult {
  const openEnded = listOf(container.envFrom).length > 0
  const bound = boundNames(input.config, container.name)
  const earlier = earlierSources(input.earlier, container.name)
  const refs = new Map<string, WrittenRef>()
  const known = new Map<string, Known>()
  const open = openSecrets(container)
  const refuse = (refusal: Deny): ContainerResult => ({ refs: [], open: [], refusal })
  for (const entry of container.env ?? []) {
    if (typeof entry.name !== 'string' || entry.name === '') continue
    const source = bound.has(entry.name) ? undefined : sourceOf(entry, known, openEnded, earlier.get(entry.name))
    if (source !== undefined && 'unknown' in source) {
      const place = `\`env\` ${quote(entry.name)} of container \`${container.name}\` also refers to ${quote(source.unknown)}`
      return refuse(deny('composed-by-kubelet', place))
    }
    const why = source === undefined ? undefined : cannotSeal(entry)
    const sealed = source !== undefined && why === undefined
    const now = sealed ? ({ kind: 'sealed' } as const) : knownOf(entry, known, openEnded)
    known.set(entry.name, now)
    if (sealed) refs.set(entry.name, { name: entry.name, source: source.source })
    else refs.delete(entry.name)
    if (why !== undefined) open.push(`${entry.name} of container ${container.name}: ${why}`)
    const over = (sealed ? growth.addVariable() : undefined) ?? growth.addComposed(composedBy(entry, now, source))
    if (over !== undefined) return refuse(deny('too-much-to-seal', `${over}, at ${quote(entry.name)}`))
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
  openEnded: boolean,
  earlier: WrittenSource | undefined,
): { readonly source: WrittenSource } | { readonly unknown: string } | undefined {
  const reference = isObject(entry.valueFrom) ? entry.valueFrom.secretKeyRef : undefined
  if (isObject(reference))
    return { source: { secretKeyRef: { name: String(reference.name), key: String(reference.key) } } }
  if (typeof entry.value !== 'string') return undefined
  if (slotIn(entry.value) !== undefined) return earlier && { source: earlier }
  if (!templateReferences(entry.value).some((name) => known.get(name)?.kind === 'sealed')) return undefined
  const expansion = expand(entry.value, known, openEnded)
  if (expansion.kind === 'unknown') return { unknown: expansion.name }
  return expansion.kind === 'template' ? { source: { template: expansion.template } } : undefined
}

/** Why a variable with a secret has to stay with the kubelet. */
function cannotSeal({ name, valueFrom }: EnvVar): string | undefined {
  const reference = isObject(valueFrom) && isObject(valueFrom.secretKeyRef) ? valueFrom.secretKeyRef : undefined
  if (reference?.optional === true) return 'the reference is `optional`'
  return wrongVariable(String(name))?.message
}

/** Secrets a container takes whole: which variables they make is not written in the Pod. */
function openSecrets(container: Container): string[] {
  return listOf(container.envFrom)
    .map((item) => (isObject(item) && isObject(item.secretRef) ? item.secretRef.name : undefined))
    .filter((name) => name !== undefined)
    .map((name) => `\`envFrom\` Secret ${String(name)} of container ${container.name}`)
}

const usesSecrets = (container: Container): boolean =>
  openSecrets(container).length > 0 ||
  (container.env ?? []).some(({ valueFrom }) => isObject(valueFrom) && isObject(valueFrom.secretKeyRef))

function boundNames({ secrets }: Config, container: string): Set<string> {
  const bindings = secrets.filter(({ selector }) => (selector.container ?? container) === container)
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

/** A container's name may have 63 characters, as may a binding's. */
function bindingName(container: string): string {
  const name = SEAL_ENV_BINDING + container
  return name.length <= 63
    ? name
    : `${name.slice(0, 50)}.${createHash('sha256').update(container).digest('hex').slice(0, 12)}`
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
