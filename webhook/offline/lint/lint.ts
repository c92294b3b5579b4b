/** Mistakes, certain and probable, in manifests: found before anything reaches a cluster. */
import { MODES } from '../../../agent/policy/schema.ts'
import { didYouMean, quote } from '../../../agent/policy/text/suggest.ts'
import { ALLOW_DEBUG_LABEL, INJECTION_LABEL, MODE_LABEL } from '../../mutate/cluster/namespaces.ts'
import { isObject } from '../../mutate/pod/pod.ts'
import type { ManifestFile } from '../documents.ts'
import type { Decided } from '../inject-manifests.ts'
import { objectsIn, podsIn, titleOf } from '../workloads.ts'
import { lintAmounts, lintNodePorts } from './amounts.ts'
import { lintElsewhere } from './elsewhere.ts'
import { type Finding, isOurs } from './finding.ts'
import { lintPlainSecrets } from './plain-secrets.ts'
import { lintSecrets } from './secrets.ts'

export function lintManifests(files: readonly ManifestFile[], decided: readonly Decided[]): Finding[] {
  return [
    ...decided.flatMap(lintPod),
    ...files.flatMap(({ where, objects }) => [
      ...objects.flatMap((object) => podsIn(object)).flatMap((place) => lintOwner(where, place)),
      ...objects.flatMap(objectsIn).flatMap((object) => lintNamespace(where, object)),
    ]),
    ...lintSecrets(files, decided),
    ...lintAmounts(files, decided),
    ...lintNodePorts(decided),
    ...lintElsewhere(files),
  ]
}

function lintPod({ where, place, outcome }: Decided): Finding[] {
  const at = { where, object: place.title }
  const warnings = outcome.warnings.map((text) => ({ severity: 'warning', ...at, text }) as const)
  const more = lintPlainSecrets(place.pod).map((text) => ({ severity: 'warning', ...at, text }) as const)
  const all = [...warnings, ...more]
  return outcome.kind === 'deny' ? [{ severity: 'error', ...at, text: outcome.message }, ...all] : all
}

/** The Pods a workload makes have the annotations of its template, not its own. */
function lintOwner(where: string, place: ReturnType<typeof podsIn>[number]): Finding[] {
  const { owner } = place
  if (owner === undefined) return []
  const misplaced = ['annotations', 'labels'].flatMap((kind) => {
    const map = owner[kind]
    return Object.keys(isObject(map) ? map : {}).filter(isOurs)
  })
  return misplaced.map((key) => {
    const text = `\`${key}\` stands on the ${place.kind} itself, where it means nothing (move it to its Pod template)`
    return { severity: 'error', where, object: place.title, text }
  })
}

/** The values each of our labels may have on a namespace. */
const NAMESPACE_LABELS: Readonly<Record<string, readonly string[]>> = {
  [INJECTION_LABEL]: ['enabled', 'disabled'],
  [MODE_LABEL]: MODES,
  [ALLOW_DEBUG_LABEL]: ['true', 'false'],
}

function lintNamespace(where: string, { kind, metadata }: Record<string, unknown>): Finding[] {
  if (kind !== 'Namespace' || !isObject(metadata)) return []
  const object = titleOf('Namespace', metadata)
  const annotated = Object.keys(isObject(metadata.annotations) ? metadata.annotations : {}).filter(isOurs)
  const labels = Object.entries(isObject(metadata.labels) ? metadata.labels : {}).filter(([key]) => isOurs(key))
  return [
    ...annotated.map((key): Finding => {
      return { severity: 'error', where, object, text: `\`${key}\` is an annotation, must be a label` }
    }),
    ...labels.flatMap(([key, value]): Finding[] => {
      const values = NAMESPACE_LABELS[key]
      if (values?.includes(String(value))) return []
      const text =
        values === undefined
          ? `label \`${key}\` is not one KernelSeal knows (${didYouMean(key, Object.keys(NAMESPACE_LABELS))})`
          : `label \`${key}\` is ${quote(String(value))}, must be ${values.map(quote).join(', ')}`
      return [{ severity: 'error', where, object, text }]
    }),
  ]
}
