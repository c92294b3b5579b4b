/** A file, read whole and byte for byte: a trailing newline is part of the value. */
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs'
import { MAX_CAPACITY } from '../policy/placeholder.ts'
import { SourceError } from './error.ts'

/** @param path absolute */
export function readFileSource(path: string, label = `fileRef \`${path}\``): Buffer {
  const fd = open(path, label)
  try {
    const stat = fstatSync(fd)
    if (!stat.isFile()) throw new SourceError(label, 'it is not a regular file', 'name the file, not its directory')
    if (stat.size > MAX_CAPACITY) {
      throw new SourceError(label, `it has ${stat.size} bytes`, `a secret has at most ${MAX_CAPACITY}`)
    }
    return readFileSync(fd)
  } finally {
    closeSync(fd)
  }
}

function open(path: string, label: string): number {
  try {
    return openSync(path, 'r')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error'
    if (code === 'ENOENT')
      throw new SourceError(label, 'there is no such file', `create \`${path}\` or mend the reference`)
    throw new SourceError(
      label,
      `it cannot be opened (${code})`,
      'check its owner and mode, and those of its directories',
    )
  }
}
