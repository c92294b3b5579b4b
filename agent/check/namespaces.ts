/** Which namespaces the webhook is called for: the selectors of its configurations, in one place. */
import { INJECTION_LABEL } from '../../webhook/mutate/cluster/namespaces.ts'
import type { NamespaceFacts } from './facts.ts'

/** Excluded by name in deploy/base: they must start where the webhook cannot. */
export const NEVER: readonly string[] = ['kube-system', 'kernelseal-system']

export const isOpen = ({ name, labels }: NamespaceFacts): boolean =>
  labels[INJECTION_LABEL] === 'enabled' && !NEVER.includes(name)
