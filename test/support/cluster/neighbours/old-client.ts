/**
 * A program with the Kubernetes types of 1.15, which loses the members that have come since when it reads a Pod and writes it again
 * (amazon-eks-pod-identity-webhook#208: `restartPolicy` of init containers).
 */
import type { Any } from '../cluster.ts'

const CONTAINER = [
  'name image command args workingDir ports envFrom env resources volumeMounts volumeDevices livenessProbe readinessProbe',
  'lifecycle terminationMessagePath terminationMessagePolicy imagePullPolicy securityContext stdin stdinOnce tty',
]
const CONTEXT = [
  'capabilities privileged seLinuxOptions windowsOptions runAsUser runAsGroup runAsNonRoot readOnlyRootFilesystem',
  'allowPrivilegeEscalation procMount',
]

export function asOldClientWritesIt({ spec }: Any): void {
  for (const list of ['initContainers', 'containers'] as const) {
    if (spec[list] === undefined) continue
    spec[list] = spec[list].map((container: Any) => {
      const kept = only(container, CONTAINER)
      if (kept.securityContext !== undefined) kept.securityContext = only(kept.securityContext, CONTEXT)
      return kept
    })
  }
}

function only(object: Any, names: readonly string[]): Any {
  const known = names.join(' ').split(' ')
  return Object.fromEntries(Object.entries(object).filter(([key]) => known.includes(key)))
}
