/**
 * Says when a file may have changed: its directory is watched, since files are replaced by renaming and those of a Kubernetes
 * volume by swapping `..data`. Events are hints: one that is lost (inotify(7), queue overflow; a directory that was made
 * anew) is made up for by the caller, which looks again on a timer and calls `refresh`.
 */
import { type FSWatcher, realpathSync, watch } from 'node:fs'
import { basename, dirname } from 'node:path'

export interface Watch {
  /** Watches the directories as they are now: an inotify watch stays with the inode, not with the name. */
  readonly refresh: () => void
  readonly close: () => void
}

/** A writer's next step follows within this time, or it is done. */
const QUIET_MS = 100
/** A writer that never stops is not waited for longer. */
const LONGEST_MS = 1000

/** @param files absolute paths, asked for at each refresh; they need not exist */
export function watchFiles(files: () => readonly string[], onChange: () => void): Watch {
  let watchers: FSWatcher[] = []
  const settled = settling(onChange)
  const close = (): void => {
    for (const watcher of watchers.splice(0)) watcher.close()
    settled.cancel()
  }
  const refresh = (): void => {
    for (const watcher of watchers.splice(0)) watcher.close()
    watchers = [...namesByDirectory(files())].flatMap(
      ([directory, names]) => open(directory, names, settled.again) ?? [],
    )
  }
  refresh()
  return { refresh, close }
}

/**
 * The link that the kubelet replaces to change all files of a volume in one step (pkg/volume/util/atomic_writer.go).
 */
const SWAPPED = '..data'

/** Which names count in which directory: the file's own, and that of the file a symbolic link leads to. */
function namesByDirectory(files: readonly string[]): Map<string, Set<string>> {
  const names = new Map<string, Set<string>>()
  for (const file of files.flatMap((path) => [path, ...targetOf(path)])) {
    const known = names.get(dirname(file)) ?? new Set([SWAPPED])
    names.set(dirname(file), known.add(basename(file)))
  }
  return names
}

function targetOf(file: string): string[] {
  try {
    return [realpathSync(file)]
  } catch {
    return []
  }
}

/** @returns undefined where there is no such directory, or no inotify instance left on the node: the timer looks again */
function open(directory: string, names: ReadonlySet<string>, onEvent: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(directory, { persistent: false }, (_, name) => {
      if (!name || names.has(name)) onEvent()
    })
    watcher.on('error', () => watcher.close())
    return watcher
  } catch {
    return undefined
  }
}

/** Once after the last event of a row, in which a file may be truncated, empty or half written. */
function settling(onChange: () => void): { again: () => void; cancel: () => void } {
  let timer: NodeJS.Timeout | undefined
  let first = 0
  const again = (): void => {
    const now = performance.now()
    if (timer === undefined) first = now
    clearTimeout(timer)
    const wait = Math.min(QUIET_MS, Math.max(0, first + LONGEST_MS - now))
    timer = setTimeout(() => {
      timer = undefined
      onChange()
    }, wait)
    timer.unref()
  }
  const cancel = (): void => {
    clearTimeout(timer)
    timer = undefined
  }
  return { again, cancel }
}
