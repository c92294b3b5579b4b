/** Which containers the short form is for: those of the application, unless the author names others. */
import { SHORT_FORM_BINDING } from '../../../agent/policy/secrets/short-form.ts'
import { type IsFor, isFor } from '../../../agent/policy/secrets/variables.ts'
import { AGENT_CONTAINER } from '../../../agent/policy/sidecar.ts'
import type { Pod } from './pod.ts'

/** Names that the projects themselves give to the containers they bring: meshes, proxies, log shippers, secret injectors. */
const SIDECARS: readonly string[] = [
  ...['istio-init', 'istio-proxy', 'istio-validation', 'linkerd-init', 'linkerd-proxy', 'linkerd-network-validator'],
  ...['kuma-init', 'kuma-sidecar', 'consul-connect-inject-init', 'consul-dataplane', 'envoy', 'envoy-sidecar'],
  ...['daprd', 'queue-proxy', 'vault-agent', 'vault-agent-init', 'cloud-sql-proxy', 'otc-container', 'jaeger-agent'],
  ...['fluent-bit', 'fluentd', 'filebeat', 'promtail', 'config-reloader', 'init-config-reloader'],
]
const isSidecar = (name: string): boolean => SIDECARS.includes(name)

/** @param chosen `kernelseal.io/containers` */
export function servedBy({ spec }: Pod, chosen: readonly string[] | undefined): IsFor {
  const names = new Set(chosen)
  if (chosen !== undefined) return narrowed((name) => names.has(name))
  // A Pod whose application is a log shipper or a proxy has no other.
  const others = spec.containers.filter(({ name }) => name !== AGENT_CONTAINER && !isSidecar(name))
  return others.length === 0 ? isFor : narrowed((name) => !isSidecar(name))
}

const narrowed =
  (isMeant: (container: string) => boolean): IsFor =>
  (binding, container) =>
    isFor(binding, container) && (binding.name !== SHORT_FORM_BINDING || isMeant(container))
