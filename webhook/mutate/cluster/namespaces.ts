/** The effect of namespaces' labels and of the server's version on a decision. */

import { MODES } from '../../../agent/policy/schema.ts'
import { PREFIX } from '../../../agent/policy/sidecar.ts'
import type { Mode } from '../../../agent/policy/types.ts'
import { type Cluster, type GuardedCluster, POD_SECURITY_LEVELS, type SidecarForm } from './cluster.ts'

export type NamespaceLabels = Readonly<Record<string, string>>

/** The API server calls the webhook for namespaces with `injection: enabled`, by the selector of its configuration. */
export const INJECTION_LABEL = `${PREFIX}injection`
export const ALLOW_DEBUG_LABEL = `${PREFIX}allow-debug`
export const MODE_LABEL = `${PREFIX}mode`
const POD_SECURITY_LABEL = 'pod-security.kubernetes.io/enforce'

const NONE: NamespaceLabels = Object.freeze({})

/** The keys that are read, and no prefix: a namespace can have 1.5 MiB of others, and all replicas would keep them. */
const THAT_COUNT = [INJECTION_LABEL, MODE_LABEL, ALLOW_DEBUG_LABEL, POD_SECURITY_LABEL] as const

/** The labels that say something here: a cluster may have tens of thousands of namespaces with any number of others. */
export function labelsThatCount(labels: NamespaceLabels = NONE): NamespaceLabels {
  const ours = THAT_COUNT.flatMap((key) => (Object.hasOwn(labels, key) ? [[key, labels[key] ?? ''] as const] : []))
  return ours.length === 0 ? NONE : Object.fromEntries(ours)
}

/**
 * A label with a mode we do not know counts as absent: the default is the stronger one, and `kernelseal lint` names it.
 * @param labels of a namespace, undefined when it is not known
 */
export function namespaceFacts(
  labels: (namespace: string | undefined) => NamespaceLabels | undefined,
  defaultMode: Mode,
): Pick<GuardedCluster, 'defaultMode' | 'podSecurity' | 'allowsDebug'> {
  return {
    defaultMode: (namespace) => MODES.find((mode) => mode === labels(namespace)?.[MODE_LABEL]) ?? defaultMode,
    allowsDebug: (namespace) => labels(namespace)?.[ALLOW_DEBUG_LABEL] === 'true',
    podSecurity: (namespace) => POD_SECURITY_LEVELS.find((level) => level === labels(namespace)?.[POD_SECURITY_LABEL]),
  }
}

/** KEP-753 (native sidecars) is on by default from 1.29, KEP-24 (AppArmor fields) from 1.30, KEP-1205 (projected tokens) from 1.21. */
const NATIVE_SIDECARS = 29
const APP_ARMOR_FIELD = 30
const PROJECTED_TOKENS = 21

/** @param minor of the server's version, 1.x, which may rise while we run */
export function featuresOf(
  minor: () => number,
  form: SidecarForm = 'auto',
): Pick<Cluster, 'nativeSidecars' | 'appArmorField' | 'secretTokens'> {
  return {
    nativeSidecars: () => (form === 'auto' ? minor() >= NATIVE_SIDECARS : form === 'native'),
    appArmorField: () => minor() >= APP_ARMOR_FIELD,
    secretTokens: () => minor() < PROJECTED_TOKENS,
  }
}
