/** The imports of a file of the repository, and those files' in turn. */
import { readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Files and packages a file imports, and those import in turn; `import type` leaves nothing behind. */
export function reached(entry: string, seen = new Set<string>()): Set<string> {
  if (seen.has(entry)) return seen
  seen.add(entry)
  const text = readFileSync(join(ROOT, entry), 'utf8')
  for (const [, fixed, asked] of text.matchAll(
    /^(?:import|export) (?!type )[^'"]*from '([^']+)'|import\('([^']+)'\)/gm,
  )) {
    const from = fixed ?? asked ?? ''
    if (from === '' || from.startsWith('node:')) continue
    if (from.startsWith('.')) reached(relative(ROOT, join(ROOT, dirname(entry), from)), seen)
    else seen.add(from)
  }
  return seen
}

export const packagesOf = (files: Iterable<string>) => [...files].filter((name) => !name.endsWith('.ts')).sort()
