/** Parts of an injection that the Pod's author might have written as well, kept in the status for `uninject`. */

import type { Variable } from '../../../agent/policy/secrets/variables.ts'
import {
  ADDED,
  type Added,
  DEFAULT_CONTAINER,
  METRICS_PORT,
  PREFIX,
  type Status,
} from '../../../agent/policy/sidecar.ts'
import { type Container, isObject, type Pod } from '../pod/pod.ts'

/** A later pass finds its own work and believes the first one's account of it. */
export function added({ metadata, spec }: Pod, before: Status | undefined, port: number | undefined): readonly Added[] {
  const { annotations } = metadata
  const absent: Readonly<Record<Added, boolean>> = {
    mode: annotations?.[`${PREFIX}mode`] === undefined,
    'default-container': annotations?.[DEFAULT_CONTAINER] === undefined,
    'metrics-port': port !== undefined && annotations?.[METRICS_PORT] === undefined,
    shareProcessNamespace: spec.shareProcessNamespace === undefined,
  }
  return ADDED.filter((what) => absent[what] || before?.added?.includes(what))
}

export function replaced(
  containers: readonly Container[],
  variables: readonly Variable[],
  before: Status | undefined,
): readonly string[] {
  const bound = new Set(variables.map(({ container, name }) => `${container}/${name}`))
  const references = containers.flatMap(({ name: container, env }) =>
    (env ?? [])
      .filter(({ valueFrom }) => isObject(valueFrom) && isObject(valueFrom.secretKeyRef))
      .map(({ name }) => `${container}/${String(name)}`),
  )
  const all = [...(before?.replaced ?? []), ...references].filter((variable) => bound.has(variable))
  return [...new Set(all)]
}
