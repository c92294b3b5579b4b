/** The differences between two registrations. Pure. */
import { isDeepStrictEqual } from 'node:util'
import type { AgentConfig } from '../config/load.ts'
import type { Binding, SecretRef } from '../policy/types.ts'
import type { Earlier, Resolved } from '../sources/resolve.ts'

/** Bindings in the order of their numbers, and their values. */
export interface Given {
  readonly secrets: readonly Binding[]
  readonly values: readonly Resolved[]
}

/** `<number>:<variable>` of the values that changed or came; of a variable that went, no process is notified. */
export function changedValues(before: Given, after: Given): { readonly binding: number; readonly name: string }[] {
  const old = new Map(before.values.map((value) => [placeOf(value), value.bytes]))
  return after.values.filter((value) => {
    const bytes = old.get(placeOf(value))
    return before.secrets[value.binding]?.name !== after.secrets[value.binding]?.name || !bytes?.equals(value.bytes)
  })
}

const placeOf = ({ binding, name }: Resolved): string => `${binding}:${name}`

/**
 * Bindings of which a value changed since an earlier agent registered it. Their numbers may have been others then, so
 * the test is whether the variable could have had the value.
 * @param registered by slot
 */
export function changedSince(
  registered: ReadonlyMap<string, readonly Buffer[]>,
  { config, variables }: AgentConfig,
  values: readonly Resolved[],
): number[] {
  const changed = values.filter(({ binding, name, bytes }) => {
    const container = config.secrets[binding]?.selector.container
    const own = variables.filter((v) => v.name === name && (container ?? v.container) === v.container)
    const earlier = own.flatMap(({ slot }) => registered.get(slot) ?? [])
    return earlier.length > 0 && !earlier.some((old) => old.equals(bytes))
  })
  return [...new Set(changed.map(({ binding }) => binding))]
}

/** The value of a reference as it was registered, for when its source cannot be read now. */
export function earlierOf({ secrets, values }: Given): Earlier {
  const at = (binding: Binding): number => secrets.findIndex(({ name, retired }) => name === binding.name && !retired)
  const isSame = (a: SecretRef | undefined, b: SecretRef): boolean =>
    isDeepStrictEqual(a?.source, b.source) && a?.capacity === b.capacity
  return (binding, ref) => {
    const number = at(binding)
    const before = secrets[number]?.secretRefs.find(({ name }) => name === ref.name)
    if (!isSame(before, ref)) return undefined
    return values.find((value) => value.binding === number && value.name === ref.name)?.bytes
  }
}

/** Whether both ask the same of kernel and agent; retired bindings do not count. */
export function samePolicy(before: AgentConfig, after: AgentConfig): boolean {
  const asked = ({ config, variables }: AgentConfig) => {
    const { policy, onFailure, monitoring, allowDebug } = config
    const secrets = config.secrets.filter(({ retired }) => !retired).toSorted((a, b) => (a.name < b.name ? -1 : 1))
    const placeholders = variables.map(({ placeholder }) => placeholder).sort()
    return { policy, onFailure, monitoring, allowDebug, secrets, placeholders }
  }
  return isDeepStrictEqual(asked(before), asked(after))
}
