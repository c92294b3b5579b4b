/** The policy's switches ⇄ bits of a scope's record. */
import type { Switch } from '../policy/strength/policy-table.ts'
import type { Config, Policy } from '../policy/types.ts'
import { SWITCH } from '../wire/constants.ts'

const BITS = {
  blockEnviron: SWITCH.BLOCK_ENVIRON,
  blockMem: SWITCH.BLOCK_MEM,
  blockMaps: SWITCH.BLOCK_MAPS,
  blockPtrace: SWITCH.BLOCK_PTRACE,
  blockDebugSignals: SWITCH.BLOCK_DEBUG,
  allowSelfRead: SWITCH.ALLOW_SELF_READ,
  auditAll: SWITCH.AUDIT_ALL,
  kernelBinaryFilter: SWITCH.BINARY_FILTER,
} as const satisfies Record<Switch, number>

type Name = keyof typeof BITS
const NAMES = Object.keys(BITS) as Name[]

export function switchesOf({ policy, onFailure }: Pick<Config, 'policy' | 'onFailure'>, host: boolean): number {
  const chosen = NAMES.filter((name) => policy[name]).reduce((bits, name) => bits | BITS[name], 0)
  return chosen | (onFailure === 'start' ? SWITCH.START_ON_FAILURE : 0) | (host ? SWITCH.HOST : 0)
}

/** The way back. */
export function policyOf(mode: Policy['mode'], bits: number): Pick<Config, 'policy' | 'onFailure'> {
  const switches = Object.fromEntries(NAMES.map((name) => [name, (bits & BITS[name]) !== 0])) as Record<Name, boolean>
  return { policy: { mode, ...switches }, onFailure: bits & SWITCH.START_ON_FAILURE ? 'start' : 'kill' }
}
