/** Facts of the node that a Pod shares with others. */
import type { Pod } from '../pod/pod.ts'

/** The port of the agent is then one of the node's, where every other Pod of the kind wants it too. */
export function warnAboutHostNetwork({ spec }: Pod, metricsPort: number): string[] {
  if (spec.hostNetwork !== true) return []
  return [
    `on the host network the agent takes port ${metricsPort} of its node (another: \`kernelseal.io/metrics-port\`)`,
  ]
}
