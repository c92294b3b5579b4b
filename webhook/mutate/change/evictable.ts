/**
 * To cluster-autoscaler a volume of the node is local data, for which a Pod stays where it is and holds its node. Ours hold nothing
 * (autoscaler, utils/drain, `safe-to-evict-local-volumes`).
 */
import { NODE_VOLUMES } from '../sidecar/agent-volumes.ts'

export const EVICTABLE = 'cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes'

const namesIn = (text: string | undefined): string[] => (text ?? '').split(',').filter((name) => name.trim() !== '')

/** The names that stand there, and ours. */
export function withEvictable(text: string | undefined): string {
  const names = namesIn(text)
  return [...names, ...NODE_VOLUMES.filter((name) => !names.some((one) => one.trim() === name))].join(',')
}

/** Undefined when there are no others. */
export function withoutEvictable(text: string | undefined): string | undefined {
  const others = namesIn(text).filter((name) => !NODE_VOLUMES.includes(name.trim()))
  return others.length === 0 ? undefined : others.join(',')
}
