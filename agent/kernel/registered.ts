/** What an earlier agent registered for a scope, read back from the kernel by the agent that follows it. */
import { MODES } from '../policy/schema.ts'
import type { Config } from '../policy/types.ts'
import type { Variable } from '../policy/variables.ts'
import { CHUNK, MODE } from '../wire/constants.ts'
import { encode } from '../wire/encode.ts'
import { ALTERNATIVE, SCOPE, SLOT, SLOT_KEY, VALUE_KEY } from '../wire/layout.ts'
import { u32 } from './entries.ts'
import type { Guard } from './guard.ts'
import { generationOf } from './scope.ts'
import { policyOf } from './switches.ts'

/** @returns undefined when the scope is new */
export function registeredPolicy(guard: Guard, scope: number): Pick<Config, 'policy' | 'onFailure'> | undefined {
  const record = guard.map('scopes').get(u32(scope))
  const mode = record && MODES.find((name) => MODE[name] === record.readUInt32LE(SCOPE.fields.mode[0]))
  return mode && policyOf(mode, record.readUInt32LE(SCOPE.fields.switches[0]))
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
  const chunks = Array.from({ length: Math.ceil(length / CHUNK) }, (_, chunk) => {
    const bytes = guard.map('secret_values').get(encode(VALUE_KEY, { ...value, chunk }))
    return bytes ?? Buffer.alloc(0)
  })
  return Buffer.concat(chunks).subarray(0, length)
}
