/** Facts → all lines. Nothing here asks the cluster. */
import type { Facts } from './facts.ts'
import type { Line } from './line.ts'
import { certificateLines } from './lines/certificate.ts'
import { clusterLines } from './lines/cluster.ts'
import { imageLines } from './lines/images.ts'
import { namespaceLines } from './lines/namespaces.ts'
import { nodeLines } from './lines/nodes.ts'
import { podLines } from './lines/pods.ts'
import { policyLines } from './lines/policies.ts'
import { webhookLines } from './lines/webhook.ts'

export function check(facts: Facts): Line[] {
  return [
    ...clusterLines(facts),
    ...webhookLines(facts),
    ...certificateLines(facts),
    ...imageLines(facts),
    ...policyLines(facts),
    ...namespaceLines(facts),
    ...nodeLines(facts),
    ...podLines(facts),
  ]
}

/** Before anything is installed. */
export const checkBefore = (facts: Facts): Line[] => [...clusterLines(facts, ['nodes']), ...nodeLines(facts)]
