/** An earlier agent's registration of a scope, read back from the kernel by the agent that follows it. */

import type { Guard } from '../node/guard.ts'
import { MODES } from '../policy/schema.ts'
import type { Variable } from '../policy/secrets/variables.ts'
import type { Binding, Config } from '../policy/types.ts'
import { MODE } from '../wire/constants.ts'
import { encode, u32 } from '../wire/encode.ts'
import {
  ALTERNATIVE,
  LIMIT,
  NAME,
  NAME_KEY,
  NUMBER,
  NUMBER_KEY,
  SCOPE,
  SLOT,
  SLOT_KEY,
  VALUE_KEY,
} from '../wire/generated.ts'
import { bindingIdentity } from './entries.ts'
import { generationOf } from './scope.ts'
import { policyOf } from './switches.ts'

/** @returns undefined when the scope is new */
export function registeredPolicy(guard: Guard, scope: number): Pick<Config, 'policy' | 'onFailure'> | undefined {
  const record = guard.map('scopes').get(u32(scope))
  const mode = record && MODES.find((name) => MODE[name] === record.readUInt32LE(SCOPE.fields.mode[0]))
  const word = (field: 'switches' | 'kernel_control'): number => record?.readUInt32LE(SCOPE.fields[field][0]) ?? 0
  return mode && policyOf(mode, word('switches'), word('kernel_control'))
}

/** The values that each variable may become, by slot. */
export function registeredValues(
  guard: Guard,
  scope: number,
  variables: readonly Variable[],
): Map<string, readonly Buffer[]> {
  const generation = generationOf(guard, scope)
  return new Map(
    variables.flatMap(({ slot }) => {
      const key = encode(SLOT_KEY, { scope, generation, slot: Buffer.from(slot, 'latin1') })
      const record = guard.map('slots').get(key)
      return record ? [[slot, alternativesIn(guard, { scope, generation }, record)] as const] : []
    }),
  )
}

/**
 * The meaning of binding numbers to running processes: a wanted binding where it is the same, else a stand-in with
 * the facts that the kernel still needs.
 */
export function registeredBindings(guard: Guard, scope: number, wanted: readonly Binding[]): Binding[] {
  const numbers = guard.map('numbers')
  const generation = generationOf(guard, scope)
  const names = namesOf(guard, { scope, generation })
  const found: Binding[] = []
  for (let number = 0; ; number++) {
    const record = numbers.get(encode(NUMBER_KEY, { scope, generation, number }))
    if (!record) return found
    const [at, size] = NUMBER.fields.binding
    const identity = record.subarray(at, at + size)
    const retired = record.readUInt32LE(NUMBER.fields.retired[0]) !== 0
    const stand = standIn(guard, scope, number, names)
    const same = wanted.find((binding) => !retired && bindingIdentity(binding).equals(identity))
    if (same) found.push({ ...same, secretRefs: stand.secretRefs })
    else found.push(retired ? { ...stand, retired } : stand)
  }
}

/** No binding of a policy may have such a name. */
const STAND_IN = '(earlier)'

/** No wanted binding is the same as this earlier one. */
export const isStandIn = ({ name }: Binding): boolean => name.startsWith(STAND_IN)

function standIn(guard: Guard, scope: number, number: number, names: Names): Binding {
  const record = guard.map('scopes').get(u32(scope))
  const has = (set: 'scrub_bindings' | 'deny_bindings'): boolean =>
    record !== undefined && (record.readBigUInt64LE(SCOPE.fields[set][0]) & (1n << BigInt(number))) !== 0n
  const children = has('deny_bindings') ? 'deny' : has('scrub_bindings') ? 'scrub' : 'inherit'
  return {
    name: `${STAND_IN} ${number}`,
    selector: { lineage: 'workload', children },
    secretRefs: [...names]
      .filter(([, bindings]) => bindings & (1n << BigInt(number)))
      .map(([name]) => ({ name, source: { kind: 'value', value: '' }, capacity: 0 })),
  }
}

/** The variables that a scrub takes out, and for which bindings. */
type Names = ReadonlyMap<string, bigint>

/** In one walk: the map is the whole node's. */
function namesOf(guard: Guard, { scope, generation }: Generation): Names {
  const names = guard.map('names')
  const [at] = NAME_KEY.fields.name
  const ours = names
    .keys()
    .filter((key) => key.readUInt32LE(0) === scope && key.readUInt32LE(NAME_KEY.fields.generation[0]) === generation)
  return new Map(
    ours.map((key) => [
      key.toString('latin1', at).replace(/\0.*$/s, ''),
      names.get(key)?.readBigUInt64LE(NAME.fields.bindings[0]) ?? 0n,
    ]),
  )
}

interface Generation {
  readonly scope: number
  readonly generation: number
}

function alternativesIn(guard: Guard, of: Generation, slot: Buffer): Buffer[] {
  const count = slot.readUInt32LE(SLOT.fields.count[0])
  const [first] = SLOT.fields.alternatives
  return Array.from({ length: count }, (_, i) => {
    const at = first + i * ALTERNATIVE.size
    const value = slot.readUInt32LE(at + ALTERNATIVE.fields.value[0])
    return valueBytes(guard, { ...of, value }, slot.readUInt32LE(at + ALTERNATIVE.fields.length[0]))
  })
}

function valueBytes(guard: Guard, value: Generation & { readonly value: number }, length: number): Buffer {
  const chunks = Array.from({ length: Math.ceil(length / LIMIT.CHUNK) }, (_, chunk) => {
    const bytes = guard.map('secret_values').get(encode(VALUE_KEY, { ...value, chunk }))
    return bytes ?? Buffer.alloc(0)
  })
  return Buffer.concat(chunks).subarray(0, length)
}
