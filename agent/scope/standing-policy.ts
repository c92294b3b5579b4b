/** The policy of a registration that an earlier agent left, changed before anything else of it. */
import type { Guard } from '../node/guard.ts'
import { u32 } from '../wire/encode.ts'
import { SCOPE } from '../wire/generated.ts'
import type { ScopeInput } from './entry.ts'
import { keepWithheld, refreshNode } from './scope.ts'
import { type PolicyWords, policyWords } from './switches.ts'

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
  for (const [name, word] of Object.entries(policyWords(config, host)))
    next.writeUInt32LE(word, SCOPE.fields[name as keyof PolicyWords][0])
  keepWithheld(standing, next)
  write(next)
  return () => write(standing)
}
