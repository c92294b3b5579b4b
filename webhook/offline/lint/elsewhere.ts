/** Keys of ours in objects that make Pods, and in which no Pod template is where ours are looked for. */
import { isObject } from '../../mutate/pod/pod.ts'
import type { ManifestFile } from '../documents.ts'
import { objectsIn, podsIn, titleOf } from '../workloads.ts'
import { type Finding, isOurs } from './finding.ts'

export function lintElsewhere(files: readonly ManifestFile[]): Finding[] {
  return files.flatMap(({ where, objects }) =>
    objects.flatMap(objectsIn).flatMap((object): Finding[] => {
      if (object.kind === 'Namespace' || podsIn(object).length > 0) return []
      const metadata = isObject(object.metadata) ? object.metadata : {}
      const kind = String(object.kind)
      return placesIn(object, [], 0).map(([place, key]): Finding => {
        if (kind === 'Pod') return { severity: 'error', where, object: titleOf(kind, metadata), text: NO_POD }
        const text = `\`${key}\` stands at \`${place}\`: Pods of a ${kind} are not looked at here, the webhook sees them when they are made`
        return { severity: 'warning', where, object: titleOf(kind, metadata), text }
      })
    }),
  )
}

const NO_POD = 'is no Pod that an API server takes: `spec.containers` is not a list of containers'

/** Templates of custom resources nest a dozen deep. */
const MAX_DEPTH = 24

/** The maps below that have keys of ours: the place of each, and its first such key. */
function placesIn(value: unknown, steps: readonly string[], depth: number): (readonly [place: string, key: string])[] {
  if (depth > MAX_DEPTH || typeof value !== 'object' || value === null) return []
  const entries = Object.entries(value)
  // A selector names keys of others.
  const key =
    Array.isArray(value) || steps.at(-1) === 'matchLabels' ? undefined : entries.map(([name]) => name).find(isOurs)
  const here = key === undefined ? [] : [[steps.join('.'), key] as const]
  return [...here, ...entries.flatMap(([name, member]) => placesIn(member, [...steps, name], depth + 1))]
}
