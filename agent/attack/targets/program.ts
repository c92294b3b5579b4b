/** The canaries' programs: copies of this runtime and of a shell. A binding names a file, and the attackers run the originals. */
import { createHash } from 'node:crypto'
import {
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface CanaryProgram {
  /** Absolute and free of symbolic links, as a binding has to name it. */
  readonly path: string
  readonly shells: Shells
  /** Where they lie: every user may read here, root alone may write. */
  readonly directory: string
  /** Idempotent. */
  close(): void
}

/** None where this host has no shell. */
interface Shells {
  readonly shell?: string
  /** One that is bound with its content, and the digest of that. */
  readonly pinned?: string
  readonly sha256?: string
}

const SHELL = '/bin/sh'

/** In TMPDIR, from which it must be possible to execute. Some 120 MB, or nothing where the file system can share blocks. */
export function copyProgram(): CanaryProgram {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'kernelseal-canary-')))
  chmodSync(directory, 0o755)
  const copy = (from: string, name: string) => {
    const path = join(directory, name)
    copyFileSync(from, path, constants.COPYFILE_FICLONE)
    chmodSync(path, 0o755)
    return path
  }
  const close = () => rmSync(directory, { recursive: true, force: true })
  return { path: copy(process.execPath, 'canary'), shells: existsSync(SHELL) ? copyShells(copy) : {}, directory, close }
}

function copyShells(copy: (from: string, name: string) => string): Shells {
  const sha256 = createHash('sha256').update(readFileSync(SHELL)).digest('hex')
  return { shell: copy(SHELL, 'shell'), pinned: copy(SHELL, 'pinned'), sha256 }
}
