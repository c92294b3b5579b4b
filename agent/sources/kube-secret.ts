/**
 * A key of a Kubernetes Secret, as the kubelet mounts it into the agent: `<dir>/<name>/<key>`, swapped atomically
 * through `..data`. There is no fallback to another directory.
 */
import { join } from 'node:path'
import { SECRETS_DIR } from '../policy/sidecar.ts'
import { readFileSource } from './file.ts'

/** Where Secrets are mounted; on a plain host a directory of the same shape. */
const directory = (): string => process.env.KERNELSEAL_SECRETS_DIR ?? SECRETS_DIR

/** The file of a key. */
export const kubeSecretPath = (name: string, key: string): string => join(directory(), name, key)

export function readKubeSecret(name: string, key: string): Buffer {
  return readFileSource(kubeSecretPath(name, key), `secretKeyRef \`${name}/${key}\` in \`${directory()}\``)
}
