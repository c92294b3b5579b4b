/** The ports of a Pod, which its containers share; and one of them for the agent's metrics. */
import { DEFAULT_METRICS_PORT } from '../../../agent/policy/sidecar.ts'
import { applicationContainers, PROBES } from './containers.ts'
import { type Container, isObject, type Pod } from './pod.ts'

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
export function freePort(pod: Pod, before: number | undefined): number | undefined {
  if (pod.spec.hostNetwork === true) return undefined
  const taken = new Set(applicationContainers(pod).flatMap((container) => [...portsOf(container)]))
  if (before !== undefined && !taken.has(before)) return before
  for (let port = DEFAULT_METRICS_PORT; port < DEFAULT_METRICS_PORT + TRIED; port++) if (!taken.has(port)) return port
  return undefined
}
