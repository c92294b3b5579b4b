/**
 * Compares the imports between the rooms (folders) of agent and webhook with the table in docs/architecture.md, and the
 * table with itself: an import that is not listed, a listed one that no file makes, a folder without a row, a circle.
 *
 *     node scripts/lib/rooms.ts          exit status 1 with a line for each difference
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

const ROOT = join(import.meta.dirname, '../..')
const ROW = /^\| `((?:agent|webhook)[\w/-]*)` \|[^|]*\|([^|]*)\|$/gm

export type Rooms = ReadonlyMap<string, ReadonlySet<string>>

/** The table's rows: a room → the rooms it may import. */
export function roomsOf(document: string): Rooms {
  const rows = [...document.matchAll(ROW)]
  return new Map(
    rows.map(([, room = '', list = '']) => [
      room,
      new Set([...list.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)),
    ]),
  )
}

/** The room of a source file: its folder of the second level, or the program's own for a file beside `main.ts`. */
export function roomOf(file: string): string {
  const [program = '', folder = '', ...more] = file.split('/')
  return more.length > 0 ? `${program}/${folder}` : program
}

/** @param sources path → text, of every source file */
export function importsOf(sources: ReadonlyMap<string, string>): Map<string, Map<string, string>> {
  const found = new Map<string, Map<string, string>>()
  for (const [file, text] of sources) {
    const imports = found.get(roomOf(file)) ?? new Map<string, string>()
    found.set(roomOf(file), imports)
    for (const [, fixed, asked] of text.matchAll(/from '(\.[^']+)'|import\('(\.[^']+)'\)/g)) {
      const room = roomOf(normalize(join(dirname(file), fixed ?? asked ?? '')))
      if (room !== roomOf(file)) imports.set(room, file)
    }
  }
  return found
}

/** One line for each difference; none when code and table agree. */
export function differences(table: Rooms, found: ReadonlyMap<string, ReadonlyMap<string, string>>): string[] {
  const lines: string[] = []
  for (const [room, imports] of found) {
    const allowed = table.get(room)
    if (!allowed) lines.push(`\`${room}\` has no row in docs/architecture.md`)
    for (const [other, file] of imports)
      if (allowed && !allowed.has(other)) lines.push(`${file}: \`${room}\` may not import \`${other}\``)
  }
  for (const [room, allowed] of table)
    for (const other of allowed)
      if (!found.get(room)?.has(other))
        lines.push(`\`${room}\` imports nothing of \`${other}\`: take it out of the table`)
  const circle = circleOf(table)
  if (circle) lines.push(`the table has a circle: ${circle.join(' → ')}`)
  return lines
}

/** A walk from a room back to itself along the table, or undefined. */
export function circleOf(table: Rooms): string[] | undefined {
  const done = new Set<string>()
  const walk = (room: string, path: readonly string[]): string[] | undefined => {
    if (path.includes(room)) return [...path.slice(path.indexOf(room)), room]
    if (done.has(room)) return undefined
    for (const next of table.get(room) ?? []) {
      const circle = walk(next, [...path, room])
      if (circle) return circle
    }
    done.add(room)
    return undefined
  }
  for (const room of table.keys()) {
    const circle = walk(room, [])
    if (circle) return circle
  }
  return undefined
}

export function readSources(): Map<string, string> {
  const listed = execFileSync('git', ['-C', ROOT, 'ls-files', '-co', '--exclude-standard', 'agent', 'webhook'], {
    encoding: 'utf8',
  })
  const files = listed.split('\n').filter((file) => file.endsWith('.ts'))
  return new Map(files.map((file) => [file, textOf(file)]))
}

/** A file that is listed and deleted in the working tree imports nothing. */
function textOf(file: string): string {
  try {
    return readFileSync(join(ROOT, file), 'utf8')
  } catch {
    return ''
  }
}

if (import.meta.main) {
  const table = roomsOf(readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8'))
  const lines = differences(table, importsOf(readSources()))
  for (const line of lines) console.error(line)
  process.exitCode = lines.length > 0 || table.size === 0 ? 1 : 0
}
