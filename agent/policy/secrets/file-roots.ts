/**
 * Which files the annotations of a Pod may name. The agent reads as root with DAC_OVERRIDE in the Pod's PID namespace:
 * `/proc/7/root/…` is any file of any container, and `/run/kernelseal/vault/token` the agent's own credential. So the directories
 * come from the webhook's settings, and without one no annotation names a file. A config file, which root wrote, may name any.
 */
import type { Wrong } from '../text/names.ts'
import type { Config } from '../types.ts'

interface FileRef {
  readonly binding: string
  readonly variable: string
  readonly path: string
}

/** References to files below none of the directories. Paths are in normal form (`wrongPath`). */
export function filesOutside({ secrets }: Config, roots: readonly string[]): FileRef[] {
  return secrets.flatMap(({ name: binding, secretRefs }) =>
    secretRefs.flatMap(({ name: variable, source }) =>
      source.kind === 'fileRef' && !isBelow(source.path, roots) ? [{ binding, variable, path: source.path }] : [],
    ),
  )
}

export const isBelow = (path: string, roots: readonly string[]): boolean =>
  roots.some((root) => path.startsWith(`${root}/`))

/** Folders in which files of other processes, of the kernel or of the agent itself look like any other. */
const NEVER = ['/proc', '/sys', '/dev', '/run/kernelseal', '/etc/kernelseal', '/var/run', '/run/secrets']

/** A directory that the webhook's settings name. */
export function wrongFileRoot(root: string): Wrong | undefined {
  const inside = NEVER.find((place) => root === place || isBelow(root, [place]) || isBelow(place, [root]))
  if (root !== '/' && inside === undefined) return undefined
  const bare = `would open \`${inside ?? '/proc'}\` to annotations`
  return { message: bare, bare, hint: 'name a directory of secrets alone' }
}
