/**
 * The variables of the agent's environment that say where servers with secrets are: one table for each server. The help, the types of
 * the readers and `kernelseal exec`, which hands them on to its agent, all follow from it. None has a secret as its value.
 */

const VAULT = {
  KERNELSEAL_VAULT_ADDR: 'https://host:port of HashiCorp Vault or OpenBao; without it `vaultRef` is refused',
  KERNELSEAL_VAULT_ROLE: 'role of the Kubernetes auth method',
  KERNELSEAL_VAULT_MOUNT: 'mount of the KV engine, version 2 (default: secret); every `vaultRef` is below it',
  KERNELSEAL_VAULT_AUTH_MOUNT: 'mount of the auth method (default: kubernetes)',
  KERNELSEAL_VAULT_NAMESPACE: '(default: none)',
  KERNELSEAL_VAULT_CA: 'its authority: PEM, or the absolute path of a PEM file (default: the public ones)',
  KERNELSEAL_VAULT_TOKEN_FILE: "the service account's token (default: where Kubernetes mounts it)",
  KERNELSEAL_VAULT_PERIOD: 'seconds between two readings of a value without a lease, 10 and more (default: 300)',
} as const

/** Of every server. */
const TABLE = { ...VAULT } as const

export type ServerVariable = keyof typeof TABLE

/** A variable that is in no table cannot be read from it: that does not compile. */
export type ServerEnvironment = Readonly<Partial<Record<ServerVariable, string | undefined>>>

export const SERVER_VARIABLES = Object.keys(TABLE) as readonly ServerVariable[]

const WIDTH = Math.max(...SERVER_VARIABLES.map((name) => name.length)) + 2

/** A line for each, with a line break. */
export const SERVER_HELP = SERVER_VARIABLES.map((name) => `  ${name.padEnd(WIDTH)}${TABLE[name]}\n`).join('')
