/** Mistakes, certain and probable, in manifests: found before anything reaches a cluster. */
import { MODES } from '../../agent/policy/schema.ts'
import { PREFIX, SHORT_FORM_PREFIX } from '../../agent/policy/sidecar.ts'
import { didYouMean, quote } from '../../agent/policy/text/suggest.ts'
import { ALLOW_DEBUG_LABEL, INJECTION_LABEL, MODE_LABEL } from '../mutate/cluster/namespaces.ts'
import { isObject } from '../mutate/pod/pod.ts'
import type { ManifestFile } from './documents.ts'
import type { Decided } from './inject-manifests.ts'
import { objectsIn, podsIn, titleOf } from './workloads.ts'

export interface Finding {
  readonly severity: 'error' | 'warning'
  readonly where: string
  readonly object: string
  readonly text: string
}

export function lintManifests(files: readonly ManifestFile[], decided: readonly Decided[]): Finding[] {
  return [
    ...decided.flatMap(lintPod),
    ...files.flatMap(({ where, objects }) => [
      ...objects.flatMap((object) => podsIn(object)).flatMap((place) => lintOwner(where, place)),
      ...objects.flatMap(objectsIn).flatMap((object) => lintNamespace(where, object)),
    ]),
    ...lintSecretKeys(files, decided),
  ]
}

function lintPod({ where, place, outcome }: Decided): Finding[] {
  const at = { where, object: place.title }
  const warnings = outcome.warnings.map((text) => ({ severity: 'warning', ...at, text }) as const)
  return outcome.kind === 'deny' ? [{ severity: 'error', ...at, text: outcome.message }, ...warnings] : warnings
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

const isOurs = (key: string): boolean => key.startsWith(PREFIX) || key.startsWith(SHORT_FORM_PREFIX)

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

/** Keys that Secrets among the manifests lack: the kubelet would wait for them, and the Pod with it. */
function lintSecretKeys(files: readonly ManifestFile[], decided: readonly Decided[]): Finding[] {
  const secrets = new Map(files.flatMap(({ objects }) => objects.flatMap(objectsIn)).flatMap(keysOf))
  return decided.flatMap(({ where, place, namespace, outcome }) => {
    const volumes =
      outcome.kind === 'inject' ? outcome.operations.find(({ path }) => path === '/spec/volumes') : undefined
    return ((volumes?.value ?? []) as readonly SecretVolume[]).flatMap(({ name, secret }) => {
      const keys = secrets.get(`${namespace ?? ''}/${secret?.secretName}`)
      if (secret === undefined || keys === undefined || !name.startsWith('kernelseal-')) return []
      const missing = secret.items.map(({ key }) => key).filter((key) => !keys.includes(key))
      return missing.map((key): Finding => {
        const text = `Secret \`${secret.secretName}\` has no key \`${key}\` (${didYouMean(key, keys)})`
        return { severity: 'error', where, object: place.title, text }
      })
    })
  })
}

interface SecretVolume {
  readonly name: string
  readonly secret?: { readonly secretName: string; readonly items: readonly { readonly key: string }[] }
}

function keysOf({ kind, metadata, data, stringData }: Record<string, unknown>): [string, string[]][] {
  if (kind !== 'Secret' || !isObject(metadata)) return []
  const keys = [data, stringData].flatMap((part) => Object.keys(isObject(part) ? part : {}))
  return [[`${String(metadata.namespace ?? '')}/${String(metadata.name)}`, keys]]
}
