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
  const present = new Set(existing.map((entry: { readonly name?: unknown } | null) => entry?.name))
  const missing = names.filter((name) => !present.has(name))
  if (missing.length === 0) return []
  return [{ at: ['spec', 'imagePullSecrets'], value: [...existing, ...missing.map((name) => ({ name }))] }]
}
