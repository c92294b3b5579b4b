/** Where values come from: a reader for each kind of source, and what they keep from one reading to the next. */
import type { Source } from '../policy/types.ts'
import { openEnv } from './env.ts'
import { SourceError } from './error.ts'
import { readFileSource } from './file.ts'
import { kubeSecretPath, readKubeSecret } from './kube-secret.ts'
import type { Vault } from './vault/vault.ts'

/** Templates are made of values, and read nothing. */
type OriginalSource = Exclude<Source, { kind: 'template' }>
type VaultRef = Extract<Source, { kind: 'vaultRef' }>

export interface Sources {
  /** @throws SourceError */
  readonly read: (source: OriginalSource) => Buffer | Promise<Buffer>
  /** What is far away is asked for again, whatever was kept of it. */
  readonly forget: () => void
}

export type ReadVault = (ref: VaultRef) => Promise<Buffer>

/** @param vault absent: the agent has no address of one */
export function openSources(vault?: Vault): Sources {
  const readEnv = openEnv()
  const read = (source: OriginalSource): Buffer | Promise<Buffer> => {
    switch (source.kind) {
      case 'secretKeyRef':
        return readKubeSecret(source.name, source.key)
      case 'fileRef':
        return readFileSource(source.path)
      case 'envRef':
        return readEnv(source.name)
      case 'value':
        return Buffer.from(source.value)
      case 'vaultRef':
        return vault ? vault.read(source) : refuseVault(source)
    }
  }
  return { read, forget: () => vault?.forget() }
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
