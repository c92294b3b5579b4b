/** An injected Pod → the Pod as it was: without agent, volumes, placeholders and our annotations. */
import { ConfigError, parseAnnotations, parseStatus } from '../../agent/policy/annotations.ts'
import { slotIn } from '../../agent/policy/secrets/placeholder.ts'
import { AGENT_CONTAINER, DEFAULT_CONTAINER, METRICS_PORT, PREFIX, type Status } from '../../agent/policy/sidecar.ts'
import type { Config } from '../../agent/policy/types.ts'
import { EVICTABLE, withoutEvictable } from '../mutate/change/evictable.ts'
import { SEALED_ENV } from '../mutate/decide.ts'
import { APP_ARMOR } from '../mutate/inject.ts'
import { asPod, type Container, type EnvVar, type Pod } from '../mutate/pod/pod.ts'
import { SEAL_ENV_BINDING } from '../mutate/seal-env/seal-env.ts'
import { isAgentVolume } from '../mutate/sidecar/agent-volumes.ts'

/** @returns undefined when the object is no Pod that was injected */
export function uninjectPod(object: unknown): unknown {
  const read = asPod(object)
  if ('problem' in read) return undefined
  const { pod } = read
  const status = parseStatus(pod.metadata.annotations?.[`${PREFIX}status`] ?? '')
  if (status === undefined) return undefined
  const config = configOf(pod)
  const restore = (containers: readonly Container[]) =>
    containers.filter(({ name }) => name !== AGENT_CONTAINER).map((container) => restoreEnv(container, status, config))
  const { shareProcessNamespace, volumes, initContainers, ...rest } = pod.spec
  const inits = restore(initContainers ?? [])
  const kept = (volumes ?? []).filter(({ name }) => !isAgentVolume(name))
  const shared = status.added?.includes('shareProcessNamespace') ? undefined : shareProcessNamespace
  const spec = {
    ...rest,
    ...(inits.length === 0 ? {} : { initContainers: inits }),
    containers: restore(pod.spec.containers),
    ...(kept.length === 0 ? {} : { volumes: kept }),
    ...(shared === undefined ? {} : { shareProcessNamespace: shared }),
  }
  return { ...pod, metadata: { ...pod.metadata, annotations: annotationsOf(pod, status) }, spec }
}

/** The annotations' bindings. When they have become unreadable, placeholders are removed and nothing is put back. */
function configOf(pod: Pod): Config | undefined {
  try {
    return parseAnnotations(pod.metadata.annotations ?? {}, {}).config
  } catch (error) {
    if (error instanceof ConfigError) return undefined
    throw error
  }
}

function annotationsOf({ metadata }: Pod, { added }: Status): Readonly<Record<string, string>> {
  const own = [
    `${PREFIX}status`,
    SEALED_ENV,
    APP_ARMOR,
    ...(added?.includes('mode') ? [`${PREFIX}mode`] : []),
    ...(added?.includes('default-container') ? [DEFAULT_CONTAINER] : []),
    ...(added?.includes('metrics-port') ? [METRICS_PORT] : []),
  ]
  const kept = Object.entries(metadata.annotations ?? {}).filter(([key]) => !own.includes(key))
  return Object.fromEntries(
    kept.flatMap(([key, text]) => {
      const value = key === EVICTABLE ? withoutEvictable(text) : text
      return value === undefined ? [] : [[key, value]]
    }),
  )
}

function restoreEnv(container: Container, status: Status, config: Config | undefined): Container {
  if (container.env === undefined || container.env === null) return container
  const env = container.env.flatMap((entry) => restoreEntry(entry, container.name, status, config))
  const { env: _, ...rest } = container
  return env.length === 0 ? rest : { ...rest, env }
}

/** A placeholder becomes the reference or the text it stands for, where there was one; otherwise it goes. */
function restoreEntry(entry: EnvVar, container: string, status: Status, config: Config | undefined): EnvVar[] {
  if (typeof entry.value !== 'string' || slotIn(entry.value) === undefined) return [entry]
  const replaced = status.replaced?.includes(`${container}/${String(entry.name)}`)
  for (const { name, selector, secretRefs } of config?.secrets ?? []) {
    const source = secretRefs.find((ref) => ref.name === entry.name)?.source
    if (source === undefined || (selector.container ?? container) !== container) continue
    if (source.kind === 'secretKeyRef' && replaced) {
      return [{ name: entry.name, valueFrom: { secretKeyRef: { name: source.name, key: source.key } } }]
    }
    if (source.kind === 'template' && name.startsWith(SEAL_ENV_BINDING))
      return [{ name: entry.name, value: source.template }]
  }
  return []
}
