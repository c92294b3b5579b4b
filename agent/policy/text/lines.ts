/** The line of every key and value of a YAML document, by its path. */
import { EVENT_ID, type Event, getScalarValue } from 'js-yaml'

/**
 * Characters of the paths of all keys and values together (`secrets[0].name`), of which the largest policy has 500,000. Below a key of 20,000
 * characters each path has as many, and strings longer than 16,383 are hashed by their length alone (V8, String::kMaxHashCalcLength).
 */
const MAX_PATHS = 4 * 1024 * 1024

/** Walks up from `a.b[2].c` until a line is known. */
export function nearestLine(lines: ReadonlyMap<string, number>, path: string): number | undefined {
  for (let at = path; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('.'), at.lastIndexOf('[')))) {
    const line = lines.get(at)
    if (line !== undefined) return line
  }
  return lines.get('')
}

/** One collection being walked: its path, and the key or index the next node belongs to. */
interface Frame {
  readonly path: string
  readonly kind: 'mapping' | 'sequence' | 'document'
  key: string | undefined
  index: number
}

/** @returns undefined when the paths are too long to be kept */
export function linesOf(events: readonly Event[], text: string): Map<string, number> | undefined {
  const lines = new Map<string, number>()
  let characters = 0
  const lineAt = lineCounter(text)
  const stack: Frame[] = []
  for (const event of events) {
    if (event.type === EVENT_ID.POP) {
      stack.pop()
      continue
    }
    const parent = stack.at(-1)
    if (parent?.kind === 'mapping' && parent.key === undefined) {
      parent.key = event.type === EVENT_ID.SCALAR ? getScalarValue(text, event) : ''
      const own = `${parent.path === '' ? '' : `${parent.path}.`}${parent.key}`
      characters += own.length
      if (characters > MAX_PATHS) return undefined
      note(lines, own, lineAt(startOf(event)))
      if (!isCollection(event)) continue
    }
    const path = nextPath(parent)
    characters += path.length
    if (characters > MAX_PATHS) return undefined
    note(lines, path, lineAt(startOf(event)))
    if (event.type === EVENT_ID.DOCUMENT) stack.push({ path: '', kind: 'document', key: undefined, index: 0 })
    if (isCollection(event)) {
      const kind = event.type === EVENT_ID.MAPPING ? 'mapping' : 'sequence'
      stack.push({ path, kind, key: undefined, index: 0 })
    }
  }
  return lines
}

/** The path of a value that starts now; moves the frame on to its next key or index. */
function nextPath(parent: Frame | undefined): string {
  if (parent === undefined || parent.kind === 'document') return ''
  if (parent.kind === 'sequence') return `${parent.path}[${parent.index++}]`
  const path = parent.path === '' ? `${parent.key}` : `${parent.path}.${parent.key}`
  parent.key = undefined
  return path
}

/** A key's own line wins over the line its value starts on. */
function note(lines: Map<string, number>, path: string, line: number): void {
  if (!lines.has(path)) lines.set(path, line)
}

const isCollection = (event: Event): boolean => event.type === EVENT_ID.MAPPING || event.type === EVENT_ID.SEQUENCE

function startOf(event: Event): number {
  switch (event.type) {
    case EVENT_ID.SCALAR:
      return event.valueStart
    case EVENT_ID.MAPPING:
    case EVENT_ID.SEQUENCE:
      return event.start
    case EVENT_ID.ALIAS:
      return event.anchorStart
    default:
      return 0
  }
}

/** Offsets arrive in rising order, so one pass over the text serves them all. */
function lineCounter(text: string): (offset: number) => number {
  let line = 1
  let from = 0
  return (offset) => {
    for (; from < offset; from++) if (text.charCodeAt(from) === 10) line++
    return line
  }
}
