/** The files of this repository, as they are now or as they were at a commit. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '../..')
/** Written by `npm run build` (and, at old commits, headers of the kernel by bpftool), or data that tests compare with. */
const NOT_WRITTEN_BY_HAND = /\/generated\.ts$|vmlinux\.h$|^test\/fixtures\//

/** path → text, in the order of the paths */
export type Tree = ReadonlyMap<string, string>

export function treeNow(): Tree {
  const listed = git('ls-files', '-co', '--exclude-standard')
  return read(
    ROOT,
    listed.filter((file) => existsSync(join(ROOT, file))),
  )
}

/** @param commit as git understands it @throws Error when there is none */
export function treeAt(commit: string): Tree {
  const folder = mkdtempSync(join(tmpdir(), 'kernelseal-measure-'))
  try {
    const archive = execFileSync('git', ['archive', commit], { cwd: ROOT, maxBuffer: 1 << 28 })
    execFileSync('tar', ['-x', '-C', folder], { input: archive })
    return read(folder, git('ls-tree', '-r', '--name-only', commit))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function git(...words: string[]): string[] {
  return execFileSync('git', words, { cwd: ROOT, encoding: 'utf8', maxBuffer: 1 << 26 })
    .split('\n')
    .filter(Boolean)
}

function read(folder: string, files: readonly string[]): Tree {
  const measured = files.filter((file) => !NOT_WRITTEN_BY_HAND.test(file))
  return new Map(measured.toSorted().map((file) => [file, readFileSync(join(folder, file), 'utf8')]))
}
