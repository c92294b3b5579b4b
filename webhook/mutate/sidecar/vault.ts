/**
 * The parts an agent needs to read from Vault: address, role, mounts and authority from the webhook's own settings,
 * never from an annotation, and a service-account token of its own, which no other container mounts.
 */
import { refsOf } from '../../../agent/policy/secrets/refs-of.ts'
import type { Config } from '../../../agent/policy/types.ts'

export interface VaultAccess {
  /** https://host:port */
  readonly address: string
  readonly role: string
  readonly mount: string
  readonly authMount: string
  /** '': none */
  readonly namespace: string
  /** PEM; '': the public authorities */
  readonly ca: string
  /** '': the API server's own */
  readonly audience: string
}

export const VAULT_TOKEN_VOLUME = 'kernelseal-vault-token'
const TOKEN_DIR = '/run/kernelseal/vault'
const TOKEN_FILE = 'token'
/** The kubelet replaces it at four fifths (kubernetes.io, ServiceAccount token volume projection). */
const TOKEN_SECONDS = 3600
/** For root, which the agent is. */
const TOKEN_MODE = 0o400

/** Only for Pods that read from it: the others are told nothing of it. */
const reads = (config: Config, vault: VaultAccess | undefined): VaultAccess[] =>
  vault && refsOf(config, ({ kind }) => kind === 'vaultRef').length > 0 ? [vault] : []

export function vaultEnv(config: Config, vault: VaultAccess | undefined) {
  return reads(config, vault).flatMap(({ address, role, mount, authMount, namespace, ca }) => {
    const values = { ADDR: address, ROLE: role, MOUNT: mount, AUTH_MOUNT: authMount, NAMESPACE: namespace, CA: ca }
    const given = Object.entries({ ...values, TOKEN_FILE: `${TOKEN_DIR}/${TOKEN_FILE}` }).filter(([, value]) => value)
    return given.map(([name, value]) => ({ name: `KERNELSEAL_VAULT_${name}`, value }))
  })
}

export function vaultMounts(config: Config, vault: VaultAccess | undefined) {
  return reads(config, vault).map(() => ({ name: VAULT_TOKEN_VOLUME, mountPath: TOKEN_DIR, readOnly: true }))
}

export function vaultVolumes(config: Config, vault: VaultAccess | undefined) {
  return reads(config, vault).map(({ audience }) => {
    const serviceAccountToken = { path: TOKEN_FILE, expirationSeconds: TOKEN_SECONDS, ...(audience && { audience }) }
    return { name: VAULT_TOKEN_VOLUME, projected: { sources: [{ serviceAccountToken }], defaultMode: TOKEN_MODE } }
  })
}
