/**
 * Secrets with which nodes pull the agent's image, beside those of the Pod. The API server has copied the ones of the service account
 * into a Pod without any before it asks a webhook (admission plugin `ServiceAccount`), so that none of them is lost by ours.
 */
import type { Change } from '../answer/patch.ts'
import type { Pod } from '../pod/pod.ts'

export function pullSecretChanges({ spec }: Pod, names: readonly string[]): Change[] {
  const existing = spec.imagePullSecrets ?? []
  // Other shapes are refused by the API server; other callers get them back.
  if (!Array.isArray(existing)) return []
  // Ours are few. A set of theirs would hold whatever a caller calls a name.
  const missing = new Set<unknown>(names)
  for (const entry of existing as readonly ({ readonly name?: unknown } | null)[]) missing.delete(entry?.name)
  if (missing.size === 0) return []
  return [{ at: ['spec', 'imagePullSecrets'], value: [...existing, ...[...missing].map((name) => ({ name }))] }]
}
