/** The policy of a registration that an earlier agent left, changed before anything else of it. */
import type { Guard } from '../node/guard.ts'
import { MODE } from '../wire/constants.ts'
import { u32 } from '../wire/encode.ts'
import { SCOPE, SWITCH } from '../wire/generated.ts'
import type { ScopeInput } from './entry.ts'
import { refreshNode } from './scope.ts'
import { controlOf, switchesOf } from './switches.ts'

/**
 * Puts a policy into force with the values and bindings that stand: a canary that is to be refused by a stricter one would
 * otherwise be judged by the one before.
 * @returns puts the earlier policy back
 */
export function enforcePolicy(
  guard: Guard,
  scope: number,
  { config, host }: Pick<ScopeInput, 'config' | 'host'>,
): () => void {
  const standing = guard.map('scopes').get(u32(scope))
  if (!standing) return () => {}
  const write = (record: Buffer): void => {
    guard.map('scopes').set(u32(scope), record)
    refreshNode(guard)
  }
  const next = Buffer.from(standing)
  const { mode, switches, kernel_control } = SCOPE.fields
  const withheld = standing.readUInt32LE(switches[0]) & SWITCH.WITHHELD
  next.writeUInt32LE(MODE[config.policy.mode], mode[0])
  next.writeUInt32LE((switchesOf(config, host) | withheld) >>> 0, switches[0])
  next.writeUInt32LE(controlOf(config.policy), kernel_control[0])
  write(next)
  return () => write(standing)
}
