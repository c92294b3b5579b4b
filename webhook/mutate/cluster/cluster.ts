/** The facts about the cluster that a decision may use. All of it is in memory: nothing is asked while a Pod waits. */
import type { Mode } from '../../../agent/policy/types.ts'

/** Levels of Pod Security admission, `pod-security.kubernetes.io/enforce` on a namespace. */
export const POD_SECURITY_LEVELS = ['privileged', 'baseline', 'restricted'] as const
type PodSecurity = (typeof POD_SECURITY_LEVELS)[number]

/** `auto`: by the server's version. Kubelets may be three minor versions older, and those before 1.29 know no native ones. */
export type SidecarForm = 'auto' | 'native' | 'container'

export interface Cluster {
  /** The mode of Pods that say nothing, by namespace (undefined when it is not known, as offline). */
  defaultMode(namespace: string | undefined): Mode
  /** The level the namespace's label enforces; undefined when it has none or is not known. */
  podSecurity(namespace: string | undefined): PodSecurity | undefined
  /** Init containers that stay, `restartPolicy: Always`: Kubernetes 1.29 and up (KEP-753). */
  nativeSidecars(): boolean
  /** `securityContext.appArmorProfile`: Kubernetes 1.30 and up (KEP-24); an annotation before. */
  appArmorField(): boolean
  /** The API server mounts service account tokens as Secrets: before Kubernetes 1.21 (KEP-1205). */
  secretTokens(): boolean
}

/** Further facts for the guard. */
export interface GuardedCluster extends Cluster {
  /** The namespace lets sessions and debug containers into sealed Pods. */
  allowsDebug(namespace: string | undefined): boolean
}
