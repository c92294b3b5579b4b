/** Our agent in a Pod that other webhooks have had as well, and all that the Pod must have then. */
import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import { AGENT_CONTAINER } from '../../../../agent/policy/sidecar.ts'
import type { Any } from '../cluster.ts'
import { NATIVE, sealed } from '../pods.ts'
import { OLD_CLIENT } from './changes.ts'

/** Members of our agent that each one writes; Istio's injector only puts its own containers before it. */
export const WRITES: Readonly<Record<string, readonly string[]>> = {
  eks: ['env', 'volumeMounts'],
  azure: ['env', 'volumeMounts'],
  vault: ['volumeMounts'],
  istio: [],
  policy: ['image', 'imagePullPolicy', 'securityContext'],
  [OLD_CLIENT]: NATIVE ? ['restartPolicy', 'securityContext', 'startupProbe'] : ['securityContext'],
}

const home = ({ spec }: Any): Any[] => (NATIVE ? spec.initContainers : spec.containers) ?? []

/** The volume with the service account's token has a name of its own in each Pod. */
export function agentOf(pod: Any): Any {
  const found = structuredClone(home(pod).find(({ name }) => name === AGENT_CONTAINER))
  for (const mount of found?.volumeMounts ?? [])
    mount.name = mount.name.replace(/^(kube-api-access|default-token)-.*/, '$1')
  return found
}

export const changedMembers = (one: Any, two: Any): string[] =>
  Object.keys({ ...one, ...two })
    .filter((key) => !isDeepStrictEqual(one[key], two[key]))
    .toSorted()

/** @param whole the agent of a Pod that no other webhook has seen */
export function assertWhole(pod: Any, whole: Any): void {
  const agent = agentOf(pod)
  // A policy engine's word on pulling stays: the API server's own plugin insists on the same.
  assert.ok([whole.imagePullPolicy, 'Always'].includes(agent.imagePullPolicy), agent.imagePullPolicy)
  assert.deepEqual({ ...agent, imagePullPolicy: whole.imagePullPolicy }, whole)
  assert.equal(home(pod)[0].name, AGENT_CONTAINER)
  assertTheirs(pod)
}

/** The additions of the others are there, and the secret is sealed. */
function assertTheirs(pod: Any): void {
  assert.ok(sealed(pod, 'PGPASSWORD'), 'no placeholder')
  const app = pod.spec.containers.find(({ name }: Any) => name === 'app')
  const names = app.env.map(({ name }: Any) => name)
  for (const name of ['AWS_ROLE_ARN', 'AZURE_FEDERATED_TOKEN_FILE']) assert.ok(names.includes(name), name)
  assert.equal(app.readinessProbe.httpGet.port, 15020)
  assert.equal(app.image, 'mirror.example/registry.example/app:1')
  const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers].map(({ name }) => name)
  for (const name of ['vault-agent', 'vault-agent-init', 'istio-proxy']) assert.ok(containers.includes(name), name)
}
