/** Why a Pod of a manifest is injected or not: the decision, its reason, and every change in words. */
import { parseAnnotations } from '../../agent/policy/annotations.ts'
import { visible } from '../../agent/policy/text/suggest.ts'
import { reasonEntry } from '../mutate/answer/reasons.ts'
import { INJECTION_LABEL } from '../mutate/cluster/namespaces.ts'
import { asPod, type Pod } from '../mutate/pod/pod.ts'
import { applyOperations } from './apply-operations.ts'
import { describeChanges } from './describe-changes.ts'
import type { Decided } from './inject-manifests.ts'
import type { OfflineCluster } from './offline-cluster.ts'

export interface Explanation {
  readonly where: string
  readonly object: string
  readonly decision: 'injected' | 'not injected' | 'refused'
  /** One of the table in webhook/mutate/answer/reasons.ts, or `not-called`. */
  readonly reason: string
  readonly because: string
  readonly changes: readonly string[]
  readonly warnings: readonly string[]
}

export function explain(decided: Decided, cluster: OfflineCluster): Explanation {
  const { where, place, namespace, outcome } = decided
  const common = { where, object: place.title, warnings: outcome.warnings }
  const label = cluster.labels(namespace)?.[INJECTION_LABEL]
  if (cluster.labels(namespace) !== undefined && label !== 'enabled') {
    const because = `namespace \`${namespace}\` has no label \`${INJECTION_LABEL}: enabled\`: the webhook is not called`
    return { ...common, decision: 'not injected', reason: 'not-called', because, changes: [] }
  }
  const { reason } = outcome
  const because = outcome.kind === 'deny' ? outcome.message : reasonEntry(reason).sentence
  if (outcome.kind !== 'inject') {
    return { ...common, decision: outcome.kind === 'skip' ? 'not injected' : 'refused', reason, because, changes: [] }
  }
  const pod = place.pod as unknown as Pod
  const after = asPod(applyOperations(pod, outcome.operations))
  const { config } = parseAnnotations(('pod' in after && after.pod.metadata.annotations) || {}, {})
  return { ...common, decision: 'injected', reason, because, changes: describeChanges(pod, outcome.operations, config) }
}

export function explanationText({ where, object, decision, reason, because, changes, warnings }: Explanation): string {
  const lines = [
    `${where}: ${object}: ${decision} (${reason})`,
    `  ${because}`,
    ...changes.map((change) => `  - ${change}`),
    ...warnings.map((warning) => `  warning: ${warning}`),
  ]
  return `${visible(lines.join('\n'))}\n`
}
