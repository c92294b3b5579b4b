/** The canaries' program: a copy of this runtime. A binding names a file, and the attackers run the original. */
import { chmodSync, constants, copyFileSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface CanaryProgram {
  /** Absolute and free of symbolic links, as a binding has to name it. */
  readonly path: string
  /** Where it lies: everybody may read here, root alone may write. */
  readonly directory: string
  /** Idempotent. */
  close(): void
}

/** In TMPDIR, from which it must be possible to execute. Some 120 MB, or nothing where the file system can share blocks. */
export function copyProgram(): CanaryProgram {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'kernelseal-canary-')))
  const path = join(directory, 'canary')
  copyFileSync(process.execPath, path, constants.COPYFILE_FICLONE)
  chmodSync(path, 0o755)
  chmodSync(directory, 0o755)
  return { path, directory, close: () => rmSync(directory, { recursive: true, force: true }) }
}
