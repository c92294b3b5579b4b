/** A file, read whole and byte for byte: a trailing newline is part of the value. */
import { closeSync, constants, existsSync, fstatSync, openSync, readSync, realpathSync } from 'node:fs'
import { isBelow } from '../policy/secrets/file-roots.ts'
import { MAX_CAPACITY } from '../policy/secrets/placeholder.ts'
import { SourceError } from './error.ts'

/** Readings until one is not disturbed by a writer. */
const ATTEMPTS = 3

/** @param path absolute */
export function readFileSource(path: string, label = `fileRef \`${path}\``): Buffer {
  const fd = open(path, label)
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const bytes = readWhole(fd, label)
      if (bytes) return bytes
    }
    throw new SourceError(label, 'it changes while it is read', 'write it aside and rename it into place')
  } finally {
    closeSync(fd)
  }
}

/**
 * A link below a directory may lead out of it, to `/proc/7/root` too. A directory below `/proc` is taken at its word: links are all
 * there is in it.
 * @returns the path without links
 * @throws SourceError when it is in none of the directories
 */
export function pathWithin(path: string, roots: readonly string[]): string {
  const label = `fileRef \`${path}\``
  if (roots.some((root) => isBelow(root, ['/proc']) && isBelow(path, [root]))) return path
  const real = withoutLinks(path, label)
  const homes = roots.filter((root) => existsSync(root)).map((root) => realpathSync(root))
  if (isBelow(real, homes)) return real
  throw new SourceError(label, 'it leads out of the directories that annotations may name', 'put the file there itself')
}

function withoutLinks(path: string, label: string): string {
  try {
    return realpathSync(path)
  } catch (error) {
    throw unopened(path, label, error)
  }
}

/** @returns undefined when the file was not the same before and after */
function readWhole(fd: number, label: string): Buffer | undefined {
  const before = fstatSync(fd, { bigint: true })
  if (!before.isFile()) throw new SourceError(label, 'it is not a regular file', 'name the file, not its directory')
  if (before.size > MAX_CAPACITY) {
    throw new SourceError(label, `it has ${before.size} bytes`, `a secret has at most ${MAX_CAPACITY}`)
  }
  const bytes = Buffer.alloc(Number(before.size) + 1)
  const length = readSync(fd, bytes, 0, bytes.length, 0)
  const after = fstatSync(fd, { bigint: true })
  const same = length === Number(before.size) && before.size === after.size && before.mtimeNs === after.mtimeNs
  return same ? bytes.subarray(0, length) : undefined
}

/** Without waiting: a named pipe would hold up the whole agent until a writer comes. */
function open(path: string, label: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    throw unopened(path, label, error)
  }
}

function unopened(path: string, label: string, error: unknown): SourceError {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown error'
  if (code === 'ENOENT')
    return new SourceError(label, 'there is no such file', `create \`${path}\` or mend the reference`)
  const hint = 'check its owner and mode, and those of its directories'
  return new SourceError(label, `it cannot be opened (${code})`, hint)
}
