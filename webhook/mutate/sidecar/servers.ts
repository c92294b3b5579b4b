/**
 * The parts an agent needs to read from a server with secrets: where it is, from the webhook's own settings, never from an
 * annotation, and a service-account token of its own, which no other container mounts.
 */
import { refsOf } from '../../../agent/policy/secrets/refs-of.ts'
import type { Config, Source } from '../../../agent/policy/types.ts'

/** Of the webhook's settings. */
export interface SecretServer {
  /** Of the sources that are read from it. */
  readonly kind: Source['kind']
  /** Lower case; that of its variables (`KERNELSEAL_VAULT_ADDR`), its volume and its folder. */
  readonly name: string
  /** By the last part of a variable's name; an empty one is left out. */
  readonly variables: Readonly<Record<string, string>>
  /** Of the token; '': the API server's own */
  readonly audience: string
}

const TOKEN_FILE = 'token'
/** The kubelet replaces it at four fifths (kubernetes.io, ServiceAccount token volume projection). */
const TOKEN_SECONDS = 3600
/** For root, which the agent is. */
const TOKEN_MODE = 0o400

const volumeOf = (name: string): string => `kernelseal-${name}-token`
const folderOf = (name: string): string => `/run/kernelseal/${name}`

/** Of any server: one that the webhook knew when it made the Pod may be gone from its settings. */
export const isTokenVolume = (name: string): boolean => /^kernelseal-[a-z0-9]+-token$/.test(name)

/** Only for Pods that read from it: the others are told nothing of it. */
const readBy = (config: Config, servers: readonly SecretServer[]): SecretServer[] =>
  servers.filter((server) => refsOf(config, ({ kind }) => kind === server.kind).length > 0)

export function serverEnv(config: Config, servers: readonly SecretServer[]) {
  return readBy(config, servers).flatMap(({ name, variables }) => {
    const all = { ...variables, TOKEN_FILE: `${folderOf(name)}/${TOKEN_FILE}` }
    const given = Object.entries(all).filter(([, value]) => value)
    return given.map(([part, value]) => ({ name: `KERNELSEAL_${name.toUpperCase()}_${part}`, value }))
  })
}

export function serverMounts(config: Config, servers: readonly SecretServer[]) {
  return readBy(config, servers).map(({ name }) => ({
    name: volumeOf(name),
    mountPath: folderOf(name),
    readOnly: true,
  }))
}

export function serverVolumes(config: Config, servers: readonly SecretServer[]) {
  return readBy(config, servers).map(({ name, audience }) => {
    const serviceAccountToken = { path: TOKEN_FILE, expirationSeconds: TOKEN_SECONDS, ...(audience && { audience }) }
    return { name: volumeOf(name), projected: { sources: [{ serviceAccountToken }], defaultMode: TOKEN_MODE } }
  })
}
