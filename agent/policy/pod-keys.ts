/** The annotation keys that mean something on a Pod, and the messages about the others. */

import { PREFIX, SHORT_FORM_PREFIX } from './sidecar.ts'
import type { Report } from './text/problems.ts'
import { nearest } from './text/suggest.ts'

export const RESOURCE_KEYS = [
  'agent-cpu-request',
  'agent-cpu-limit',
  'agent-memory-request',
  'agent-memory-limit',
] as const
/** Kubernetes quantities for the sidecar; absent: the webhook's own setting. */
export type AgentResources = Partial<Record<(typeof RESOURCE_KEYS)[number], string>>

/** Keys below `kernelseal.io/` that mean something on a Pod. */
export const POD_KEYS = [
  'inject',
  'mode',
  'bindings',
  'policy',
  'on-failure',
  'seal-env',
  'seal-env-from',
  'sealed-env',
  'containers',
  'capacity',
  'allow-debug',
  'status',
  'metrics-port',
  ...RESOURCE_KEYS,
] as const

/** A Kubernetes quantity, without signs and exponents (apimachinery/pkg/api/resource/quantity.go). */
export const QUANTITY = /^[0-9]{1,15}(\.[0-9]{1,9})?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$/

/** Finding the nearest key costs more than the warning is worth beyond a screenful. */
const MAX_WARNED = 20

/** Keys of ours that mean nothing on a Pod: most often a typing error, so the nearest one is named. */
export function warnAboutKeys(annotations: Readonly<Record<string, string>>, report: Report): void {
  let left = MAX_WARNED
  for (const key of Object.keys(annotations)) {
    const [domain, name = ''] = key.split('/', 2)
    if (domain === undefined || !/(^|\.)kernelseal\.io$/.test(domain)) continue
    if (`${domain}/` === SHORT_FORM_PREFIX) continue
    if (`${domain}/` === PREFIX && (POD_KEYS as readonly string[]).includes(name)) continue
    report.warning(key, 'is not a key KernelSeal knows', hintForKey(domain, name))
    if (--left === 0) return
  }
}

function hintForKey(domain: string, name: string): string {
  if (`${domain}/` !== PREFIX) return `did you mean \`${SHORT_FORM_PREFIX}${name}\`?`
  const guess = nearest(name, POD_KEYS)
  return guess === undefined ? 'remove it' : `did you mean \`${PREFIX}${guess}\`?`
}
