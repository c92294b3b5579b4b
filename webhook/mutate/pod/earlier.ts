/** The record of an earlier pass of ours, and the author's annotations without our additions. */
import { parseStatus } from '../../../agent/policy/annotations.ts'
import { METRICS_PORT, PREFIX, type Status } from '../../../agent/policy/sidecar.ts'
import { agentIn } from './containers.ts'
import type { Pod } from './pod.ts'

/** Without an agent there was no earlier pass: a stranger's or a copied template's claim of one is not believed. */
export const hasAgent = (pod: Pod): boolean => agentIn(pod) !== undefined

export function earlierStatus(pod: Pod): Status | undefined {
  const text = pod.metadata.annotations?.[`${PREFIX}status`]
  return hasAgent(pod) && text !== undefined ? parseStatus(text) : undefined
}

/** A port that we chose is not the author's word; it is tried first, and given up when another container has come for it. */
export function authorsOf(pod: Pod): {
  readonly annotations: Record<string, string>
  readonly chosen: number | undefined
} {
  const { [METRICS_PORT]: port, ...others } = pod.metadata.annotations ?? {}
  if (port === undefined) return { annotations: others, chosen: undefined }
  const isOurs = earlierStatus(pod)?.added?.includes('metrics-port') ?? false
  return isOurs
    ? { annotations: others, chosen: Number(port) || undefined }
    : { annotations: { ...others, [METRICS_PORT]: port }, chosen: undefined }
}
