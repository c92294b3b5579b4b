/** The placeholders that a sealed Pod's containers have, by their environment, and the record of which containers they are. */
import { slotIn } from '../../agent/policy/secrets/placeholder.ts'
import type { Variable } from '../../agent/policy/secrets/variables.ts'
import { policyIdentity } from '../../agent/policy/status.ts'
import { applicationContainers } from '../mutate/pod/containers.ts'
import { earlierStatus } from '../mutate/pod/earlier.ts'
import type { Container, Pod } from '../mutate/pod/pod.ts'

export interface Placement {
  /** Of a sidecar's policy, as `Standing` has it. */
  readonly host: false
  readonly nonce: string
  /** Names of the containers that carry placeholders; none where the status cannot be read. */
  readonly containers: readonly string[]
  readonly identity: string
  readonly variables: readonly Variable[]
}

export function placementOf(pod: Pod): Placement {
  const { nonce = '', containers = [] } = earlierStatus(pod) ?? {}
  const variables = applicationContainers(pod).flatMap(placeholdersIn)
  return { host: false, nonce, containers, identity: policyIdentity({ nonce, containers }), variables }
}

function placeholdersIn({ name: container, env }: Container): Variable[] {
  return (env ?? []).flatMap(({ name, value }) => {
    const slot = typeof value === 'string' ? slotIn(value) : undefined
    if (slot === undefined || typeof value !== 'string' || typeof name !== 'string') return []
    return [{ container, name, slot, capacity: value.length, placeholder: value }]
  })
}
