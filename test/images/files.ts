/** Files of the repository and of unpacked images. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

export const REPOSITORY = join(import.meta.dirname, '../..')

export const read = (path: string): string => readFileSync(join(REPOSITORY, path), 'utf8')

/** Regular files below a folder, as paths from there, in order. */
export function filesIn(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  return files.map(({ parentPath, name }) => relative(folder, join(parentPath, name))).sort()
}
