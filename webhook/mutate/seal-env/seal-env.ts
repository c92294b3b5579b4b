/** `kernelseal.io/seal-env`: the references to Secret keys in a Pod's `env` → bindings, which the Pod then carries. */
import { createHash } from 'node:crypto'
import { slotIn } from '../../../agent/policy/secrets/placeholder.ts'
import { joined } from '../../../agent/policy/text/joined.ts'
import { type Deny, deny, MAX_MESSAGE } from '../answer/outcome.ts'
import { type Container, isObject } from '../pod/pod.ts'
import { namedBy, refuseMissing } from '../refuse/bindings.ts'
import { wholeSecrets } from './env-from.ts'
import { Growth } from './growth.ts'
import { type SealInput, sealContainer } from './seal-container.ts'
import type { WrittenRef } from './written.ts'

/** The beginning of our bindings' names. */
export const SEAL_ENV_BINDING = 'seal-env.'

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

export function sealEnvOf(input: SealInput): Sealing | Deny {
  const { sealEnv, covered, uncovered } = input
  const names = [...covered, ...uncovered].map(({ name }) => name)
  const missing = refuseMissing('seal-env', namedBy(sealEnv), names)
  if (missing !== undefined) return missing
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
  if (sealEnv.strict && open.length > 0) return deny('not-sealed', joined(open, '; ', MAX_MESSAGE))
  const bindings = results.flatMap(({ container, refs }) =>
    refs.length === 0
      ? []
      : [{ name: bindingName(container.name), selector: { container: container.name }, secretRefs: refs }],
  )
  return { kind: 'sealing', bindings, open: [...warningsAbout(open), ...covered.filter(wanted).flatMap(overridden)] }
}

/** Warnings that a terminal shows, and the API server passes on: 4,096 bytes in all (review/response.ts). */
const MAX_WARNED = 25

function warningsAbout(open: readonly string[]): string[] {
  const more = open.length - MAX_WARNED
  const rest = more > 0 ? [`KernelSeal: NOT sealed: and ${more} more`] : []
  return [...open.slice(0, MAX_WARNED).map((text) => `KernelSeal: NOT sealed: ${text}`), ...rest]
}

/** References that never count, since the kubelet takes the last entry of a name. */
function overridden({ name: container, env }: Container): string[] {
  const last = new Map((env ?? []).map((entry) => [entry.name, entry]))
  const lost = (env ?? []).filter(
    ({ name, valueFrom }) =>
      isObject(valueFrom) && isObject(valueFrom.secretKeyRef) && typeof last.get(name)?.value === 'string',
  )
  const names = new Set(
    lost.filter(({ name }) => slotIn(String(last.get(name)?.value)) === undefined).map((one) => String(one.name)),
  )
  return [...names].map(
    (name) => `KernelSeal: a later entry overrides the Secret, in the open: ${name} of container ${container}`,
  )
}

const usesSecrets = (container: Container): boolean =>
  wholeSecrets(container).length > 0 ||
  (container.env ?? []).some(({ valueFrom }) => isObject(valueFrom) && isObject(valueFrom.secretKeyRef))

/** A container's name may have 63 characters, as may a binding's. */
function bindingName(container: string): string {
  const name = SEAL_ENV_BINDING + container
  return name.length <= 63
    ? name
    : `${name.slice(0, 50)}.${createHash('sha256').update(container).digest('hex').slice(0, 12)}`
}
