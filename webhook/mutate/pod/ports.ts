/** The ports of a Pod, which its containers share; and one of them for the agent's metrics. */
import { AGENT_CONTAINER, DEFAULT_METRICS_PORT } from '../../../agent/policy/sidecar.ts'
import { type Container, isObject, type Pod } from './pod.ts'

const PROBES = ['livenessProbe', 'readinessProbe', 'startupProbe'] as const

/** Declared, or asked by a probe: a program may listen without a word in `ports`. */
export function portsOf(container: Container): ReadonlySet<unknown> {
  const declared = (container.ports ?? []).filter(({ protocol }) => (protocol ?? 'TCP') === 'TCP')
  return new Set([
    ...declared.map(({ containerPort }) => containerPort),
    ...PROBES.flatMap((name) => askedBy(container[name])),
  ])
}

function askedBy(probe: unknown): unknown[] {
  if (!isObject(probe)) return []
  return [probe.httpGet, probe.tcpSocket, probe.grpc].flatMap((handler) => (isObject(handler) ? [handler.port] : []))
}

/** Prometheus, Knative, Dapr and many exporters have 9090 too: ports after it are tried, as many as a Pod may have containers. */
const TRIED = 256

/**
 * The first free port from the default on, or that of an earlier pass; undefined on the host network, where the Pod does not tell which
 * are free.
 */
export function freePort({ spec }: Pod, before: number | undefined): number | undefined {
  if (spec.hostNetwork === true) return undefined
  const others = [...(spec.initContainers ?? []), ...spec.containers].filter(({ name }) => name !== AGENT_CONTAINER)
  const taken = new Set(others.flatMap((container) => [...portsOf(container)]))
  const ports = Array.from({ length: TRIED }, (_, index) => DEFAULT_METRICS_PORT + index)
  return [...(before === undefined ? [] : [before]), ...ports].find((port) => !taken.has(port))
}
