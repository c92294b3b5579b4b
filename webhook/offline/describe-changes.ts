/** The operations of an injection in words, for `kernelseal explain`. */
import { slotIn } from '../../agent/policy/secrets/placeholder.ts'
import { describeSource } from '../../agent/policy/secrets/source.ts'
import { isFor } from '../../agent/policy/secrets/variables.ts'
import { AGENT_CONTAINER } from '../../agent/policy/sidecar.ts'
import type { Config, Selector } from '../../agent/policy/types.ts'
import { type Operation, stepsOf } from '../mutate/answer/patch.ts'
import { type Container, isObject, type Pod } from '../mutate/pod/pod.ts'
import { isAgentVolume } from '../mutate/sidecar/agent-volumes.ts'

/** One line per thing that changes, in the order of the Pod's members. */
export function describeChanges(pod: Pod, operations: readonly Operation[], config: Config): string[] {
  return operations.flatMap(({ path, value }) => {
    const [section = '', member = ''] = stepsOf(path)
    if (section === 'metadata') return describeAnnotations(path, value)
    switch (member) {
      case 'shareProcessNamespace':
        return ['the containers share one PID namespace']
      case 'volumes':
        return (value as readonly Named[]).filter(({ name }) => isAgentVolume(name)).map(describeVolume)
      case 'initContainers':
        return describeContainers(value as readonly Container[], 'init container', config)
      default:
        return describeOthers(pod, path, value, config)
    }
  })
}

interface Named {
  readonly name: string
  readonly secret?: { readonly secretName: string; readonly items: readonly { readonly key: string }[] }
  readonly hostPath?: { readonly path: string }
  readonly projected?: object
}

function describeAnnotations(path: string, value: unknown): string[] {
  const [, , key] = stepsOf(path)
  const keys = key === undefined ? Object.keys(value as object) : [key]
  return keys.map((name) => `annotation \`${name}\` is set`)
}

function describeVolume({ name, secret, hostPath, projected }: Named): string {
  if (secret !== undefined) {
    const keys = secret.items.map(({ key }) => `\`${key}\``).join(', ')
    return `volume \`${name}\`: ${keys} of Secret \`${secret.secretName}\`, mounted into the agent alone`
  }
  if (projected !== undefined)
    return `volume \`${name}\`: a service-account token for a server with secrets, mounted into the agent alone`
  return hostPath === undefined
    ? `volume \`${name}\`: the Pod's annotations, for the agent to read its policy from`
    : `volume \`${name}\`: \`${hostPath.path}\` of the node`
}

/** A whole list was written: the agent, and placeholders in the others. */
function describeContainers(containers: readonly Container[], what: string, config: Config): string[] {
  return containers.flatMap((container) =>
    container.name === AGENT_CONTAINER
      ? [
          `${what} \`${AGENT_CONTAINER}\` comes first: no other starts before protection stands`,
          ...describeCost(container),
        ]
      : describeEnv(container.name, container.env ?? [], config),
  )
}

/** The price of the agent, for the scheduler and for quotas. */
function describeCost({ resources }: Container): string[] {
  const { requests, limits } = (isObject(resources) ? resources : {}) as Record<string, Record<string, string>>
  const textOf = (what: string, amounts: Record<string, string> = {}): string[] =>
    Object.keys(amounts).length === 0
      ? []
      : [
          `${what} ${Object.entries(amounts)
            .map(([name, text]) => `${text} ${name}`)
            .join(', ')}`,
        ]
  const parts = [...textOf('requests', requests), ...textOf('may use', limits)]
  return parts.length === 0 ? [] : [`it ${parts.join(' and ')}`]
}

function describeOthers(pod: Pod, path: string, value: unknown, config: Config): string[] {
  const [, , index, member] = stepsOf(path)
  if (index === undefined) return describeContainers(value as readonly Container[], 'container', config)
  if (member !== 'env' || !Array.isArray(value)) return [`\`${path}\` is set`]
  return describeEnv(pod.spec.containers[Number(index)]?.name ?? index, value, config)
}

function describeEnv(container: string, env: readonly unknown[], config: Config): string[] {
  return env.flatMap((entry) => {
    if (!isObject(entry) || typeof entry.value !== 'string' || slotIn(entry.value) === undefined) return []
    const from = config.secrets
      .filter((binding) => isFor(binding, container))
      .flatMap(({ selector, secretRefs }) =>
        secretRefs
          .filter(({ name }) => name === entry.name)
          .map(({ source }) => describeSource(source) + whose(selector)),
      )
    const filled = from.length === 0 ? '' : `, filled from ${from.join(', and ')}`
    return [
      `container \`${container}\`: \`${String(entry.name)}\` is a placeholder of ${entry.value.length} bytes${filled}`,
    ]
  })
}

/** Nothing for the entrypoint, which a reader expects. */
const whose = ({ binary, lineage }: Selector): string =>
  binary === undefined ? '' : ` for \`${binary}\` alone${lineage === 'any' ? ', visitors too' : ''}`
