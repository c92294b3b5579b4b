/** Volumes as folders of the machine, as the kubelet makes them: Secrets by key, the annotations as `key="value"` lines. */
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import type { Pod, Volume } from './spec.ts'

/** Secret → key → value. */
export type Secrets = Readonly<Record<string, Readonly<Record<string, string>>>>

/**
 * Makes them, or changes their content. @param directory in memory, since Secrets go there @returns for each volume's
 * name the folder to mount
 */
export function makeVolumes(pod: Pod, directory: string, secrets: Secrets): Map<string, string> {
  return new Map(
    (pod.spec.volumes ?? []).map((volume) => [
      volume.name,
      volume.hostPath?.path ?? filled(join(directory, volume.name), filesOf(volume, pod, secrets)),
    ]),
  )
}

interface File {
  readonly path: string
  readonly text: string
  readonly mode: number
}

/**
 * As the kubelet's AtomicWriter: the files in a folder of their own, which `..data` leads to, and each name through that. So
 * filling a folder again changes all its files in one step.
 */
function filled(folder: string, files: readonly File[]): string {
  mkdirSync(folder, { recursive: true })
  const fresh = mkdtempSync(`${folder}/..generation-`)
  chmodSync(fresh, 0o755)
  for (const { path, text, mode } of files) writeFileSync(join(fresh, path), text, { mode })
  const data = join(folder, '..data')
  const old = lstatSync(data, { throwIfNoEntry: false }) && readlinkSync(data)
  symlinkSync(basename(fresh), `${data}_tmp`)
  renameSync(`${data}_tmp`, data)
  for (const { path } of files) {
    if (!lstatSync(join(folder, path), { throwIfNoEntry: false })) symlinkSync(join('..data', path), join(folder, path))
  }
  if (old !== undefined) rmSync(join(folder, old), { recursive: true })
  return folder
}

function filesOf({ name, downwardAPI, secret }: Volume, pod: Pod, secrets: Secrets): File[] {
  if (downwardAPI) {
    const { items, defaultMode: mode = 0o644 } = downwardAPI
    return items.map(({ path }) => ({ path, text: annotationLines(pod), mode }))
  }
  if (!secret) throw new Error(`the demo knows no such volume: \`${name}\``)
  return secret.items.map(({ key, path }) => {
    const text = secrets[secret.secretName]?.[key]
    if (text === undefined) throw new Error(`there is no Secret \`${secret.secretName}\` with a key \`${key}\``)
    return { path, text, mode: secret.defaultMode ?? 0o644 }
  })
}

/** pkg/fieldpath FormatMap: sorted by key, the value as Go's `%q` writes it; for these texts JSON's form is the same. */
function annotationLines({ metadata }: Pod): string {
  const annotations = Object.entries(metadata.annotations ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return annotations.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join('\n')
}
