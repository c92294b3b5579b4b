/** The volumes of the agent, and their places in its container. Only the bound keys of a Secret are mounted. */
import { hash } from 'node:crypto'
import { PODINFO_DIR, SECRETS_DIR } from '../../../agent/policy/sidecar.ts'
import type { Config } from '../../../agent/policy/types.ts'
import { isTokenVolume, type SecretServer, serverMounts, serverVolumes } from './servers.ts'

export type AgentVolumes = ReturnType<typeof agentVolumes>

const VOLUME_PREFIX = 'kernelseal-'
const PODINFO_VOLUME = `${VOLUME_PREFIX}podinfo`
const BPFFS_VOLUME = `${VOLUME_PREFIX}bpffs`
const SECURITYFS_VOLUME = `${VOLUME_PREFIX}securityfs`

/** Of the node. */
export const NODE_VOLUMES: readonly string[] = [BPFFS_VOLUME, SECURITYFS_VOLUME]

/** Names that are ours alone; other containers may not mount such a volume. */
export const isAgentVolume = (name: string): boolean =>
  [PODINFO_VOLUME, BPFFS_VOLUME, SECURITYFS_VOLUME].includes(name) ||
  name.startsWith(`${VOLUME_PREFIX}secret-`) ||
  isTokenVolume(name)

/** Their places in the agent's container. */
export function agentMounts(config: Config, servers: readonly SecretServer[]) {
  return [
    { name: PODINFO_VOLUME, mountPath: PODINFO_DIR, readOnly: true },
    { name: BPFFS_VOLUME, mountPath: '/sys/fs/bpf' },
    { name: SECURITYFS_VOLUME, mountPath: '/sys/kernel/security', readOnly: true },
    ...[...secretKeys(config).keys()].map((name) => ({
      name: secretVolumeName(name),
      mountPath: `${SECRETS_DIR}/${name}`,
      readOnly: true,
    })),
    ...serverMounts(config, servers),
  ]
}

/** 0400 for root, which the agent is; 420 is Kubernetes' 0644. */
const SECRET_MODE = 0o400
const PODINFO_MODE = 0o644

/** Volumes the agent mounts. Defaults are spelled out, so that a second pass sees the first one's text. */
export function agentVolumes(config: Config, servers: readonly SecretServer[]) {
  const annotations = { path: 'annotations', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.annotations' } }
  return [
    { name: PODINFO_VOLUME, downwardAPI: { items: [annotations], defaultMode: PODINFO_MODE } },
    { name: BPFFS_VOLUME, hostPath: { path: '/sys/fs/bpf', type: 'Directory' } },
    { name: SECURITYFS_VOLUME, hostPath: { path: '/sys/kernel/security', type: 'Directory' } },
    ...[...secretKeys(config)].map(([secretName, keys]) => ({
      name: secretVolumeName(secretName),
      // Only the keys that are bound: a missing one is then a clear event of the kubelet, before anything starts.
      secret: { secretName, items: [...keys].map((key) => ({ key, path: key })), defaultMode: SECRET_MODE },
    })),
    ...serverVolumes(config, servers),
  ]
}

/** Referenced Secrets and their keys, both in order of the bindings. */
function secretKeys(config: Config): Map<string, Set<string>> {
  const secrets = new Map<string, Set<string>>()
  for (const { source } of config.secrets.flatMap(({ secretRefs }) => secretRefs)) {
    if (source.kind !== 'secretKeyRef') continue
    secrets.set(source.name, (secrets.get(source.name) ?? new Set()).add(source.key))
  }
  return secrets
}

/** A Secret's name may have 253 characters and dots, a volume's 63 and none; 48 bits tell a Pod's Secrets apart. */
function secretVolumeName(secret: string): string {
  return `${VOLUME_PREFIX}secret-${hash('sha256', secret).slice(0, 12)}`
}
