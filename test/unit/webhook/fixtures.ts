/** A Pod through the webhook with fixed settings and nonce, and its patch through three appliers. */
import assert from 'node:assert/strict'
import fastJsonPatch from 'fast-json-patch'
import jsonpatch from 'jsonpatch'
import { applyPatch } from 'rfc6902'
import type { Outcome } from '../../../webhook/mutate/answer/outcome.ts'
import type { Operation } from '../../../webhook/mutate/answer/patch.ts'
import { type GuardedCluster, POD_SECURITY_LEVELS } from '../../../webhook/mutate/cluster/cluster.ts'
import { type InjectionSettings, injectPod } from '../../../webhook/mutate/inject.ts'

export const NONCE = '000102030405060708090a0b0c0d0e0f'

export const SETTINGS: InjectionSettings = {
  agent: {
    image: 'registry.example/kernelseal-agent:test',
    imagePullPolicy: 'IfNotPresent',
    cpuRequest: '10m',
    cpuLimit: '',
    memoryRequest: '64Mi',
    memoryLimit: '256Mi',
  },
}

/** A cluster of our time; namespaces are named after the level of Pod Security they enforce. */
export const CLUSTER: GuardedCluster = {
  defaultMode: () => 'enforce',
  podSecurity: (namespace) => POD_SECURITY_LEVELS.find((level) => level === namespace),
  allowsDebug: (namespace) => namespace === 'open',
  nativeSidecars: () => true,
  appArmorField: () => true,
  secretTokens: () => false,
}
export const OLD_CLUSTER: GuardedCluster = {
  ...CLUSTER,
  nativeSidecars: () => false,
  appArmorField: () => false,
  secretTokens: () => true,
}

/** @param namespace of the request; a golden Pod may name another */
export function inject(pod: unknown, nonce = NONCE, cluster = CLUSTER): Outcome {
  const own = (pod as { metadata?: { namespace?: string } } | null)?.metadata?.namespace
  return injectPod(pod, SETTINGS, { nonce: () => nonce, cluster, namespace: own ?? 'shop' })
}

/** The patched Pod; fails unless the three appliers agree on it. */
export function patched(pod: unknown, operations: readonly Operation[]): unknown {
  const first = fastJsonPatch.applyPatch(structuredClone(pod), structuredClone(operations) as never, true).newDocument
  const second = structuredClone(pod)
  const errors = applyPatch(second, structuredClone(operations) as never)
  assert.deepEqual(
    errors.filter((error) => error !== null),
    [],
  )
  const third = jsonpatch.apply_patch(structuredClone(pod), structuredClone(operations) as never)
  assert.deepEqual(second, first)
  assert.deepEqual(third, first)
  return first
}

/**
 * An outcome as it stands in a golden file: long placeholders shortened to their slot and length; without the hash, in which
 * every key of the policy takes part, so that a new key would change the files of all Pods.
 */
export function golden(outcome: Outcome): Record<string, unknown> {
  const text = JSON.stringify(outcome, (key, value) => (key === 'error' ? String(value) : value))
  return JSON.parse(
    text
      .replace(/("hash\\":\\")[0-9a-f]{64}/g, '$1<hash>')
      .replace(/kernelseal:v1:([0-9a-f]{32}):(\.*):[0-9a-f]{32}:kernelseal:seal/g, '<placeholder $1 $2>')
      .replace(
        /<placeholder ([0-9a-f]+) (\.*)>/g,
        (_, slot: string, dots: string) => `<placeholder ${slot}, ${dots.length + 96} bytes>`,
      ),
  )
}
