/**
 * Secrets that a container takes whole. Which variables they make is not written in the Pod; where the author names the keys, each
 * becomes an entry of `env` with a placeholder, which counts before `envFrom` (kubelet, makeEnvironmentVariables).
 */
import { slotIn } from '../../../agent/policy/secrets/placeholder.ts'
import type { SealEnvFrom } from '../../../agent/policy/secrets/seal-env-from.ts'
import { wrongVariable } from '../../../agent/policy/text/names.ts'
import { quote } from '../../../agent/policy/text/suggest.ts'
import { type Container, isObject, textOf } from '../pod/pod.ts'
import type { Growth } from './growth.ts'
import type { WrittenSource } from './written.ts'

export interface FromWhole {
  readonly refs: ReadonlyMap<string, WrittenSource>
  /** Those that stay in the open, one sentence each. */
  readonly open: readonly string[]
  /** The limit that was passed. */
  readonly over?: string
}

/** @param growth each key of each Secret is a variable to look at, sealed in the end or not */
export function fromWhole(container: Container, keys: SealEnvFrom, growth: Growth): FromWhole {
  const refs = new Map<string, WrittenSource>()
  const open: string[] = []
  // A placeholder there is of an earlier pass, which found the same.
  const own = (container.env ?? []).filter(({ value }) => typeof value !== 'string' || slotIn(value) === undefined)
  const named = new Set(own.map(({ name }) => name))
  const items = new Map(wholeSecrets(container).map((item) => [JSON.stringify(item), item]))
  for (const { name, prefix, optional } of items.values()) {
    const variables = (keys.get(name) ?? []).map((key) => ({ key, variable: prefix + key }))
    const over = variables.map(() => growth.addVariable()).find((limit) => limit !== undefined)
    if (over !== undefined) return { refs, open, over: `${over}, at Secret ${quote(name)}` }
    const wrong = variables.find(({ variable }) => wrongVariable(variable) !== undefined)
    const why = optional ? 'the reference is `optional`: ' : wrong ? `${wrong.variable} cannot be sealed: ` : ''
    if (variables.length === 0 || why !== '') open.push(`${why}${whole(name, container)}`)
    // An entry of `env` with that name counts, wherever its value comes from.
    else for (const { key, variable } of variables) if (!named.has(variable)) refs.set(variable, sourceOf(name, key))
  }
  return { refs, open }
}

const sourceOf = (name: string, key: string): WrittenSource => ({ secretKeyRef: { name, key } })
const whole = (name: string, container: Container): string =>
  `Secret ${name}, taken whole by \`envFrom\` of container ${container.name}`

export function wholeSecrets({ envFrom }: Container) {
  const items: readonly unknown[] = Array.isArray(envFrom) ? envFrom : []
  return items.flatMap((item) => {
    if (!isObject(item) || !isObject(item.secretRef) || item.secretRef.name === undefined) return []
    const { name, optional } = item.secretRef
    return [
      { name: textOf(name), prefix: typeof item.prefix === 'string' ? item.prefix : '', optional: optional === true },
    ]
  })
}
