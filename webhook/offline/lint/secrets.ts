/** Secrets among the manifests: keys they lack, and values that do not fit; and one that the Pod itself would have to make. */
import { parseAnnotations } from '../../../agent/policy/annotations.ts'
import { AGENT_CONTAINER } from '../../../agent/policy/sidecar.ts'
import { didYouMean } from '../../../agent/policy/text/suggest.ts'
import type { Config, SecretRef } from '../../../agent/policy/types.ts'
import { asPod, type Container, isObject, type Pod } from '../../mutate/pod/pod.ts'
import { applyOperations } from '../apply-operations.ts'
import type { ManifestFile } from '../documents.ts'
import type { Decided } from '../inject-manifests.ts'
import { objectsIn } from '../workloads.ts'
import type { Finding } from './finding.ts'

/** Key → its value's bytes. */
type Sizes = ReadonlyMap<string, number>

export function lintSecrets(files: readonly ManifestFile[], decided: readonly Decided[]): Finding[] {
  const secrets = new Map(files.flatMap(({ objects }) => objects.flatMap(objectsIn)).flatMap(sizesOf))
  return decided.flatMap(({ where, place, namespace, outcome }): Finding[] => {
    if (outcome.kind !== 'inject') return []
    const read = asPod(applyOperations(place.pod, outcome.operations))
    if ('problem' in read) return []
    const { config } = parseAnnotations(read.pod.metadata.annotations ?? {}, {})
    const sizes = (name: string): Sizes | undefined => secrets.get(`${namespace ?? ''}/${name}`)
    const at = { where, object: place.title }
    return [
      ...problemsIn(config, sizes).map((text): Finding => ({ severity: 'error', ...at, text })),
      ...deadlocksIn(read.pod, config, sizes).map((text): Finding => ({ severity: 'warning', ...at, text })),
    ]
  })
}

function sizesOf({ kind, metadata, data, stringData }: Record<string, unknown>): [string, Sizes][] {
  if (kind !== 'Secret' || !isObject(metadata)) return []
  const encoded = Object.entries(isObject(data) ? data : {}).map(
    ([key, text]) => [key, Buffer.from(String(text ?? ''), 'base64').length] as const,
  )
  const plain = Object.entries(isObject(stringData) ? stringData : {}).map(
    ([key, text]) => [key, Buffer.byteLength(String(text ?? ''))] as const,
  )
  return [[`${String(metadata.namespace ?? '')}/${String(metadata.name)}`, new Map([...encoded, ...plain])]]
}

function problemsIn(config: Config, sizes: (secret: string) => Sizes | undefined): string[] {
  const problems = config.secrets.flatMap(({ secretRefs }) =>
    secretRefs.flatMap((ref) => {
      if (ref.source.kind !== 'secretKeyRef') return []
      const found = sizes(ref.source.name)
      return found === undefined ? [] : problemOf(ref, ref.source, found)
    }),
  )
  return [...new Set(problems)]
}

function problemOf(ref: SecretRef, { name, key }: { name: string; key: string }, sizes: Sizes): string[] {
  const size = sizes.get(key)
  if (size === undefined) return [`Secret \`${name}\` has no key \`${key}\` (${didYouMean(key, [...sizes.keys()])})`]
  const value = `the value of key \`${key}\` of Secret \`${name}\``
  if (size <= ref.capacity) return []
  return [
    `${value} has ${size} bytes, the placeholder of ${ref.name} ${ref.capacity} (\`kernelseal.io/capacity: "${ref.name}=${roomFor(size)}"\`)`,
  ]
}

/** Room for a longer value at the next rotation: a power of two. */
const roomFor = (size: number): number => Math.min(65536, 2 ** Math.ceil(Math.log2(size * 1.25)))

/** The kubelet mounts the agent's Secrets before any container of the Pod runs, that which would make one too. */
function deadlocksIn({ spec }: Pod, config: Config, sizes: (secret: string) => Sizes | undefined): string[] {
  const makers = (spec.initContainers ?? []).filter(({ name }) => name !== AGENT_CONTAINER).filter(mayMakeSecret)
  const [maker] = makers
  if (maker === undefined) return []
  const names = config.secrets
    .flatMap(({ secretRefs }) => secretRefs)
    .flatMap(({ source }) => (source.kind === 'secretKeyRef' && sizes(source.name) === undefined ? [source.name] : []))
  return [...new Set(names)].map(
    (name) =>
      `init container ${maker.name} looks as if it made a Secret: if that is \`${name}\`, the Pod never starts, since its agent needs it first (make it before, with a Job)`,
  )
}

const mayMakeSecret = ({ name, command, args }: Container): boolean =>
  /secret|password|credential/i.test(JSON.stringify([name, command ?? [], args ?? []]))
