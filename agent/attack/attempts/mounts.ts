/** Row 1: `environ` through mounts the attacker makes: other superblock, other path, same inode data. */
import { closeSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Argument, sys } from '../../linux/syscall.ts'
import { type Attempt, type Outcome, prepare, type Target } from '../attempt.ts'
import { readEnviron } from './environ.ts'

const AT_FDCWD = -100
const MS_BIND = 0x1000
const MNT_DETACH = 2
const FSCONFIG_CMD_CREATE = 6
const OPEN_TREE_CLONE = 1

const row1 = { row: 1, switch: 'blockEnviron', proof: 'refusal', takesFullRoot: true } as const

export const mountAttempts: readonly Attempt[] = [
  {
    ...row1,
    id: 'environ-second-procfs',
    title: 'mount a second procfs',
    run: (t) => onMount(t, 'second procfs', ['proc', 'proc', 0], `${t.pid}/environ`),
  },
  {
    ...row1,
    id: 'environ-bind-directory',
    title: 'bind mount of /proc/P',
    run: (t) => onMount(t, 'bind mount', [`/proc/${t.pid}`, null, MS_BIND], 'environ'),
  },
  { ...row1, id: 'environ-bind-file', title: 'bind mount of /proc/P/environ', run: bindFile },
  { ...row1, id: 'environ-detached-procfs', title: 'fsmount of a procfs without a path', run: detachedProcfs },
  { ...row1, id: 'environ-open-tree', title: 'open_tree clone of /proc/P', run: openTree },
]

/** mount(2): source, filesystem type, flags; the place is a new temporary directory. */
type Mount = readonly [source: string, type: string | null, flags: number]

function onMount(target: Target, what: string, mount: Mount, path: string): Outcome {
  return withMount(what, mount, (directory) => readEnviron(join(directory, path), target))
}

/** @param use what to try below the new mount */
export function withMount(what: string, mount: Mount, use: (directory: string) => Outcome): Outcome {
  return inTemporary((directory) => mounted(directory, what, mount, () => use(directory)))
}

function bindFile(target: Target): Outcome {
  return inTemporary((directory) => {
    const place = join(directory, 'harmless')
    writeFileSync(place, '')
    return mounted(place, 'bind mount', [`/proc/${target.pid}/environ`, null, MS_BIND], () =>
      readEnviron(place, target),
    )
  })
}

function detachedProcfs(target: Target): Outcome {
  const context = prepare('fsopen', () => sys('fsopen', 'proc', 0))
  try {
    prepare('fsconfig', () => sys('fsconfig', context, FSCONFIG_CMD_CREATE, null, null, 0))
    return below(target, `${target.pid}/environ`, () => sys('fsmount', context, 0, 0))
  } finally {
    closeSync(context)
  }
}

function openTree(target: Target): Outcome {
  return below(target, 'environ', () => sys('open_tree', AT_FDCWD, `/proc/${target.pid}`, OPEN_TREE_CLONE))
}

/** Opens `path` under a mount that has no place in any namespace. */
function below(target: Target, path: string, mount: () => number): Outcome {
  const root = prepare('detached mount', mount)
  try {
    return readEnviron(sys('openat', root, path, constants.O_RDONLY, 0), target)
  } finally {
    closeSync(root)
  }
}

function mounted(place: string, what: string, [source, type, flags]: Mount, use: () => Outcome): Outcome {
  const args: Argument[] = [source, place, type, flags, null]
  prepare(what, () => sys('mount', ...args))
  try {
    return use()
  } finally {
    sys('umount2', place, MNT_DETACH)
  }
}

function inTemporary(use: (directory: string) => Outcome): Outcome {
  const directory = prepare('temporary directory', () => mkdtempSync(join(tmpdir(), 'kernelseal-attack-')))
  try {
    return use(directory)
  } finally {
    rmSync(directory, { recursive: true })
  }
}
