/** A value that is sealed in one place, and stands in the open in another of the same Pod. */
import { MAX_VARIABLE_NAME } from '../../../agent/policy/text/names.ts'
import { type Container, isObject, listOf, textOf } from '../pod/pod.ts'
import { wholeSecrets } from '../seal-env/env-from.ts'
import type { Advised } from './advice.ts'
import { expandedIn, ownCommand, shellText } from './commands.ts'

export function warnAboutOpenValues(advised: Advised): string[] {
  const keys = sealedKeys(advised)
  const volumes = openVolumes(advised, keys)
  // Containers that start before the agent are named by `seal-env` as a whole.
  return advised.covered.flatMap(({ container, sealed }) => [
    ...inEnv(container, keys, sealed),
    ...inEnvFrom(container, keys, sealed),
    ...inVolumes(container, volumes),
    ...inArguments(container, sealed),
  ])
}

/** Secret → the keys of it that are sealed somewhere. */
type Keys = ReadonlyMap<string, ReadonlySet<string>>

function sealedKeys({ config }: Advised): Keys {
  const keys = new Map<string, Set<string>>()
  for (const { source } of config.secrets.flatMap(({ secretRefs }) => secretRefs)) {
    if (source.kind !== 'secretKeyRef') continue
    keys.set(source.name, (keys.get(source.name) ?? new Set()).add(source.key))
  }
  return keys
}

const open = (secret: string, key: string, place: string): string =>
  `NOT sealed there: key ${key} of Secret ${secret} also stands in ${place}`

function inEnv({ name: container, env }: Container, keys: Keys, sealed: ReadonlySet<string>): string[] {
  return (env ?? []).flatMap(({ name, valueFrom }) => {
    const reference = isObject(valueFrom) ? valueFrom.secretKeyRef : undefined
    if (!isObject(reference) || sealed.has(String(name))) return []
    const [secret, key] = [textOf(reference.name), textOf(reference.key)]
    return keys.get(secret)?.has(key) ? [open(secret, key, `${String(name)} of container ${container}`)] : []
  })
}

/** A variable of `env` counts before that of `envFrom`: sealed there, it is nowhere in the open. */
function inEnvFrom(container: Container, keys: Keys, sealed: ReadonlySet<string>): string[] {
  const bound = wholeSecrets(container).filter(({ name }) => keys.has(name))
  // Each once: the first key in the open is looked for, and where all are sealed that is all of them, however often.
  const items = new Map(bound.map((item) => [`${item.prefix}/${item.name}`, item]))
  return [...items.values()].flatMap(({ name: secret, prefix }) => {
    const isOpen = (one: string) => prefix.length > MAX_VARIABLE_NAME || !sealed.has(prefix + one)
    const key = [...(keys.get(secret) ?? [])].find(isOpen)
    return key === undefined ? [] : [open(secret, key, `\`envFrom\` of container ${container.name}`)]
  })
}

/** A volume with a sealed key in it. */
interface OpenKey {
  readonly secret: string
  readonly key: string
}

/** Of one volume; a projection may have any number. */
const MAX_SHOWN = 10

/** By volume, and once for all containers: each may mount a volume of a hundred thousand items. */
function openVolumes({ pod }: Advised, keys: Keys): ReadonlyMap<string, readonly OpenKey[]> {
  const found = (pod.spec.volumes ?? []).map(
    (volume) => [volume.name, openIn(volume, keys).slice(0, MAX_SHOWN)] as const,
  )
  return new Map(found.filter(([, open]) => open.length > 0))
}

const openIn = (volume: object, keys: Keys): OpenKey[] =>
  secretsOf(volume).flatMap(({ secret, items }) => {
    const bound = keys.get(secret)
    const key = bound && (items === undefined ? [...bound][0] : items.find((one) => bound.has(one)))
    return key === undefined ? [] : [{ secret, key }]
  })

function inVolumes({ name: container, volumeMounts }: Container, volumes: ReadonlyMap<string, readonly OpenKey[]>) {
  const mounted = [...new Set(volumeMounts?.map((mount) => String(mount.name)))]
  return mounted.flatMap((volume) =>
    (volumes.get(volume) ?? []).map(({ secret, key }) =>
      open(secret, key, `volume ${volume} of container ${container}`),
    ),
  )
}

interface Mounted {
  readonly secret: string
  /** Undefined: all. */
  readonly items: readonly string[] | undefined
}

/** Secrets in a volume, of its own or of a projection. */
function secretsOf(volume: object): Mounted[] {
  const { secret, projected } = volume as { secret?: unknown; projected?: unknown }
  const projections = isObject(projected) ? listOf(projected.sources) : []
  return [secret, ...projections.map((source) => (isObject(source) ? source.secret : undefined))].flatMap((one) => {
    if (!isObject(one)) return []
    const items = listOf(one.items).flatMap((item) => (isObject(item) ? [textOf(item.key)] : []))
    return [{ secret: textOf(one.secretName ?? one.name), items: items.length === 0 ? undefined : items }]
  })
}

/** `ps` shows arguments to all, sealed or not. A variable that the shell only exports is named too: it cannot be told apart. */
function inArguments(container: Container, sealed: ReadonlySet<string>): string[] {
  const text = shellText(ownCommand(container))
  const named = [...expandedIn(text)].filter((variable) => sealed.has(variable))
  return named.map(
    (variable) =>
      `a shell expands ${variable} in the command of container ${container.name}: as an argument all can read it`,
  )
}
