/** A slot for each variable: which values may stand for its placeholder, by the bindings of the program. Pure. */
import type { Variable } from '../policy/secrets/variables.ts'
import { encode } from '../wire/encode.ts'
import { ALTERNATIVE, LIMIT, SLOT, SLOT_KEY } from '../wire/generated.ts'
import { type Entry, type ScopeInput, valueNumber } from './entry.ts'

export function slotEntries(input: ScopeInput): Entry[] {
  return input.variables.map((variable): Entry => {
    const alternatives = alternativesOf(input, variable)
    const { scope, generation } = input
    const key = encode(SLOT_KEY, { scope, generation, slot: Buffer.from(variable.slot, 'latin1') })
    const value = encode(SLOT, {
      capacity: variable.capacity,
      count: alternatives.length,
      alternatives: Buffer.concat(alternatives),
    })
    return { map: 'slots', key, value }
  })
}

/**
 * The kernel takes the first alternative whose bindings the program has: those that name a binary come first, since
 * the entrypoint's bindings apply to every program of the lineage.
 * @throws Error when the variable has more values than a slot holds
 */
function alternativesOf({ config, values }: ScopeInput, { name, container }: Variable): Buffer[] {
  const giving = config.secrets
    .map((binding, i) => ({ binding, i }))
    .filter(({ binding }) => !binding.retired && (binding.selector.container ?? container) === container)
    .filter(({ binding }) => binding.secretRefs.some((ref) => ref.name === name))
    .toSorted((a, b) => Number(!a.binding.selector.binary) - Number(!b.binding.selector.binary))
  if (giving.length > LIMIT.ALTERNATIVES) {
    throw new Error(
      `\`${name}\` has ${giving.length} bindings in one container; a variable can have ${LIMIT.ALTERNATIVES}`,
    )
  }
  return giving.map(({ i }) => {
    const at = values.findIndex((v) => v.binding === i && v.name === name)
    const value = at < 0 ? 0 : valueNumber(at)
    return encode(ALTERNATIVE, { bindings: 1n << BigInt(i), value, length: values[at]?.bytes.length ?? 0 })
  })
}
