/** The parts of a Pod the webhook reads, over raw JSON: every field not named here passes through untouched. */

export interface EnvVar {
  readonly name?: unknown
  readonly value?: unknown
  readonly valueFrom?: unknown
}
export interface Container {
  readonly name: string
  readonly image?: unknown
  readonly imagePullPolicy?: unknown
  readonly env?: readonly EnvVar[] | null
  readonly envFrom?: unknown
  readonly command?: unknown
  readonly args?: unknown
  readonly livenessProbe?: unknown
  readonly readinessProbe?: unknown
  readonly startupProbe?: unknown
  readonly lifecycle?: unknown
  readonly resources?: unknown
  readonly securityContext?: unknown
  readonly ports?: readonly { readonly containerPort?: unknown; readonly protocol?: unknown }[] | null
  readonly volumeMounts?: readonly { readonly name?: unknown }[] | null
}
interface Volume {
  readonly name: string
}
export interface Pod {
  readonly metadata: {
    readonly namespace?: unknown
    readonly annotations?: Readonly<Record<string, string>> | null
    readonly labels?: Readonly<Record<string, string>> | null
  }
  readonly spec: {
    readonly containers: readonly Container[]
    readonly initContainers?: readonly Container[] | null
    readonly ephemeralContainers?: readonly Container[] | null
    readonly volumes?: readonly Volume[] | null
    readonly hostPID?: unknown
    readonly hostNetwork?: unknown
    readonly hostUsers?: unknown
    readonly enableServiceLinks?: unknown
    readonly shareProcessNamespace?: unknown
    readonly os?: unknown
    readonly runtimeClassName?: unknown
    readonly nodeSelector?: unknown
    readonly schedulerName?: unknown
    readonly securityContext?: unknown
    readonly restartPolicy?: unknown
    readonly imagePullSecrets?: unknown
  }
}

/** The object as a Pod, or where it is not one. The API server sends well-formed Pods; other callers need not. */
export function asPod(value: unknown): { readonly pod: Pod } | { readonly problem: string } {
  const problem = problemIn(value)
  return problem === undefined ? { pod: withoutNulls(value as Pod) } : { problem }
}

/** Charts leave `key: null` behind, which the API server reads as empty text. */
function withoutNulls(pod: Pod): Pod {
  const { annotations, labels } = pod.metadata
  if (!hasNull(annotations) && !hasNull(labels)) return pod
  return { ...pod, metadata: { ...pod.metadata, annotations: filled(annotations), labels: filled(labels) } }
}

type Texts = Pod['metadata']['annotations']
const hasNull = (map: Texts): boolean => Object.values(map ?? {}).some((text) => text === null)
const filled = (map: Texts): NonNullable<Texts> | null =>
  map === undefined || map === null
    ? null
    : Object.fromEntries(Object.entries(map).map(([key, text]) => [key, text ?? '']))

function problemIn(pod: unknown): string | undefined {
  if (!isObject(pod)) return 'is not an object'
  const { metadata, spec } = pod
  if (!isObject(metadata)) return '`metadata` is not an object'
  if (!isObject(spec)) return '`spec` is not an object'
  if (!Array.isArray(spec.containers) || spec.containers.length === 0)
    return '`spec.containers` is not a list of containers'
  return (
    problemInTexts('metadata.annotations', metadata.annotations) ??
    problemInTexts('metadata.labels', metadata.labels) ??
    problemInNamed('spec.containers', spec.containers) ??
    problemInNamed('spec.initContainers', spec.initContainers) ??
    problemInNamed('spec.ephemeralContainers', spec.ephemeralContainers) ??
    problemInNamed('spec.volumes', spec.volumes)
  )
}

function problemInTexts(path: string, map: unknown): string | undefined {
  if (map === undefined || map === null) return undefined
  if (!isObject(map)) return `\`${path}\` is not an object`
  const keys = Object.keys(map)
  if (keys.length > MAX_ENTRIES) return `\`${path}\` has ${keys.length} entries, the limit is ${MAX_ENTRIES}`
  const wrong = keys.find((key) => typeof map[key] !== 'string' && map[key] !== null)
  if (wrong === undefined) return undefined
  const hint = isObject(map[wrong]) || Array.isArray(map[wrong]) ? '' : ', put it in quotes'
  return `\`${path}[${wrong}]\` is not text${hint}`
}

/** A container's or volume's, and a mount's, which names a volume: a DNS label (apimachinery, DNS1123LabelMaxLength). */
const MAX_NAME = 63
const MAX_PORT = 65535
/**
 * Of all lists of all containers, the volumes, annotations and labels of a new Pod (refuse/size.ts): etcd's 1.5 MiB in entries of 96 bytes, as a
 * variable of a Secret has with its part of `managedFields`.
 */
export const MAX_ENTRIES = 16_384

/**
 * As the API server's types and its validation have them, which comes after us. Names stand in texts, and ports and names are looked up:
 * one of 100,000 characters in 4,000 sentences, or numbers chosen for one bucket (V8 hashes numbers without a seed), hold the webhook up.
 */
const ENTRIES = {
  env: { are: 'with names of text', fits: ({ name }) => typeof (name ?? '') === 'string' },
  ports: { are: `with ports from 1 to ${MAX_PORT}`, fits: ({ containerPort: port }) => isPort(port ?? 1) },
  volumeMounts: { are: `with names of at most ${MAX_NAME} characters`, fits: ({ name }) => isName(name ?? '') },
} as const satisfies Record<string, { are: string; fits: (entry: Record<string, unknown>) => boolean }>

const isName = (name: unknown): boolean => typeof name === 'string' && name.length <= MAX_NAME
const isPort = (port: unknown): boolean => Number.isInteger(port) && Number(port) >= 1 && Number(port) <= MAX_PORT

/** A list of objects with a `name`, whose own lists hold objects. */
function problemInNamed(path: string, list: unknown): string | undefined {
  if (list === undefined || list === null) return undefined
  if (!Array.isArray(list)) return `\`${path}\` is not a list`
  for (const [index, item] of list.entries()) {
    const at = `${path}[${index}]`
    if (!isObject(item) || typeof item.name !== 'string') return `\`${at}\` is not an object with a name`
    if (!isName(item.name)) return `\`${at}.name\` has ${item.name.length} characters, the limit is ${MAX_NAME}`
    for (const [key, { are, fits }] of Object.entries(ENTRIES)) {
      const inner = item[key]
      if (inner === undefined || inner === null) continue
      if (!Array.isArray(inner) || !inner.every(isObject)) return `\`${at}.${key}\` is not a list of objects`
      if (!inner.every(fits)) return `\`${at}.${key}\` is not a list of objects ${are}`
    }
  }
  return undefined
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Elements of what should be a list; none of anything else. */
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** What the API's types have as text: `String` of an object with a member `toString` throws. */
export const textOf = (value: unknown): string => (typeof value === 'object' ? '' : String(value))
