/** Pods larger than any of use. The API server has no such limits, and asks us before it looks at the Pod: the work is bounded here. */
import { type Deny, deny } from '../answer/outcome.ts'
import { type Container, listOf, MAX_ENTRIES, type Pod } from '../pod/pod.ts'

const MAX_CONTAINERS = 256
/** Characters of a variable's name, or of a prefix to it: a sealed one has 62 at most (agent/policy/text/names.ts), and no shell shows more. */
const MAX_VARIABLE = 1024

export function refuseSize({ metadata, spec }: Pod): Deny | undefined {
  const containers = [...(spec.initContainers ?? []), ...spec.containers, ...(spec.ephemeralContainers ?? [])]
  if (containers.length > MAX_CONTAINERS)
    return deny('too-many-containers', `${containers.length}, the limit is ${MAX_CONTAINERS}`)
  const inLists = containers.reduce((sum, container) => sum + entriesOf(container), 0)
  const inMaps = [metadata.annotations, metadata.labels].reduce((sum, map) => sum + Object.keys(map ?? {}).length, 0)
  const entries = inLists + inMaps + (spec.volumes?.length ?? 0)
  if (entries > MAX_ENTRIES) return deny('too-many-entries', `${entries}, the limit is ${MAX_ENTRIES}`)
  const at = containers.find(hasLongVariable)
  return at && deny('too-many-entries', `a variable of \`${at.name}\` has more than ${MAX_VARIABLE} characters`)
}

const entriesOf = ({ env, envFrom, ports, volumeMounts }: Container): number =>
  [env, envFrom, ports, volumeMounts].reduce<number>((sum, list) => sum + listOf(list).length, 0)

const hasLongVariable = ({ env, envFrom }: Container): boolean =>
  (env ?? []).some(({ name }) => isLong(name)) ||
  listOf(envFrom).some((item) => isLong((item as { readonly prefix?: unknown } | null)?.prefix))

const isLong = (name: unknown): boolean => typeof name === 'string' && name.length > MAX_VARIABLE
