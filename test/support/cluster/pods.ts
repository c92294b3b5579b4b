/** Pods as an application's author writes them, and the webhook's expected changes to them. */
import assert from 'node:assert/strict'
import { slotIn } from '../../../agent/policy/secrets/placeholder.ts'
import { AGENT_CONTAINER } from '../../../agent/policy/sidecar.ts'
import { type Any, MINOR } from './cluster.ts'

export const BINDING = { 'secret.kernelseal.io/PGPASSWORD': 'secret/db-credentials/password' }

/** One container `app`; nothing pulls its image. */
export function pod(name: string, annotations: Record<string, string> = BINDING, spec: object = {}): Any {
  const containers = [{ name: 'app', image: 'registry.example/app:1' }]
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, annotations }, spec: { containers, ...spec } }
}

/** KEP-753: init containers that stay are on by default from 1.29. */
export const NATIVE = MINOR >= 29

const names = (containers: Any[] | undefined): string[] => (containers ?? []).map(({ name }) => name)

export function hasAgent({ spec }: Any): boolean {
  return [...names(spec.initContainers), ...names(spec.containers)].includes(AGENT_CONTAINER)
}

/** Exactly the shape for this server's version, and a placeholder where the secret will be. */
export function assertInjected(injected: Any): void {
  const { spec, metadata } = injected
  assert.equal(spec.shareProcessNamespace, true)
  assert.equal(metadata.annotations['kubectl.kubernetes.io/default-container'], 'app')
  if (NATIVE) {
    assert.equal(names(spec.initContainers)[0], AGENT_CONTAINER)
    assert.equal(spec.initContainers[0].restartPolicy, 'Always')
    assert.deepEqual(names(spec.containers), ['app'])
  } else {
    assert.equal(spec.initContainers, undefined)
    assert.deepEqual(names(spec.containers), [AGENT_CONTAINER, 'app'])
    assert.ok(spec.containers[0].lifecycle.postStart.exec)
  }
  assert.ok(sealed(injected, 'PGPASSWORD'), 'no placeholder')
}

/** Whether a container has a placeholder in that variable. */
export function sealed({ spec }: Any, variable: string, container = 'app'): boolean {
  const found = spec.containers.find(({ name }: Any) => name === container)
  const entry = (found?.env ?? []).find(({ name }: Any) => name === variable)
  return entry?.valueFrom === undefined && typeof entry?.value === 'string' && slotIn(entry.value) !== undefined
}
