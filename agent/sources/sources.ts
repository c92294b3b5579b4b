/** Where values come from: a reader for each kind of source, and their caches from one reading to the next. */
import type { Source } from '../policy/types.ts'
import { openEnv } from './env.ts'
import { SourceError } from './error.ts'
import { pathWithin, readFileSource } from './file.ts'
import { kubeSecretPath, readKubeSecret } from './kube-secret.ts'
import type { ServerEnvironment } from './server-variables.ts'
import { vaultSettings } from './vault/settings.ts'
import { openVault, type Vault, type VaultRef } from './vault/vault.ts'

/** Templates are made of values, and read nothing. */
type OriginalSource = Exclude<Source, { kind: 'template' }>

export interface Sources {
  /** @throws SourceError */
  readonly read: (source: OriginalSource) => Buffer | Promise<Buffer>
  /** Drops cached values of remote sources: the next reading asks again. */
  readonly forget: () => void
}

/** Servers with secrets. Absent: the agent has no address of one. */
export interface Remotes {
  readonly vault?: Vault
}

/** Asks none of them yet. @throws UsageError naming the variable */
export function openRemotes(env: ServerEnvironment): Remotes {
  const vault = vaultSettings(env)
  return vault ? { vault: openVault(vault) } : {}
}

/**
 * @param remotes absent: those that the variables of this process name
 * @param roots directories that files must really be in, once links are followed; absent: anywhere
 * @throws UsageError naming the variable
 */
export function openSources(remotes: Remotes = openRemotes(process.env), roots?: readonly string[]): Sources {
  const readEnv = openEnv()
  const read = (source: OriginalSource): Buffer | Promise<Buffer> => {
    switch (source.kind) {
      case 'secretKeyRef':
        return readKubeSecret(source.name, source.key)
      case 'fileRef':
        return readFileSource(roots ? pathWithin(source.path, roots) : source.path)
      case 'envRef':
        return readEnv(source.name)
      case 'value':
        return Buffer.from(source.value)
      case 'vaultRef':
        return remotes.vault ? remotes.vault.read(source) : refuseVault(source)
      default:
        return source satisfies never
    }
  }
  const forget = (): void => {
    for (const remote of Object.values(remotes)) remote.forget()
  }
  return { read, forget }
}

function refuseVault({ path, key }: VaultRef): Promise<Buffer> {
  const hint = 'set KERNELSEAL_VAULT_ADDR and KERNELSEAL_VAULT_ROLE for it (`kernelseal run --help`)'
  return Promise.reject(new SourceError(`vaultRef \`${path}\` key \`${key}\``, 'the agent knows no Vault', hint))
}

/** The file a source is read from; undefined where it is no file. */
export function fileOf(source: Source): string | undefined {
  if (source.kind === 'fileRef') return source.path
  return source.kind === 'secretKeyRef' ? kubeSecretPath(source.name, source.key) : undefined
}
