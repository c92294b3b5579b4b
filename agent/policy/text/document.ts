/** YAML or JSON text → its value, and the line of every key in it. */
import {
  CORE_SCHEMA,
  constructFromEvents,
  EVENT_ID,
  type Event,
  getScalarValue,
  parseEvents,
  YAMLException,
} from 'js-yaml'
import { countNodes } from './node-count.ts'
import { ConfigError } from './problems.ts'

export interface Document {
  readonly value: unknown
  /** 1-based line of `secrets[0].name`, or of its nearest ancestor that stands in the text. */
  lineOf(path: string): number | undefined
}

/**
 * All annotations of an object together may have 256 KiB (Kubernetes: TotalAnnotationSizeLimitB,
 * apimachinery/pkg/api/validation/objectmeta.go), and the API server counts only after admission.
 */
export const MAX_TEXT = 256 * 1024
/** A configuration nests 6 deep; the rest is room for keys we refuse politely. */
const MAX_DEPTH = 32
/** Enough for shared selectors. */
const MAX_ALIASES = 100
/**
 * Keys and values, aliases written out. The largest policy has 256 variables of at most 17 and 63 bindings of at most 40, which is
 * 6,900; the rest is room for labels, which have no effect.
 */
const MAX_NODES = 16_384
/**
 * Characters of the paths of all of them together (`secrets[0].name`), of which the largest policy has 500,000. Below a key of 20,000
 * characters each path has as many, and strings longer than 16,383 are hashed by their length alone (V8, String::kMaxHashCalcLength).
 */
const MAX_PATHS = 4 * 1024 * 1024

/**
 * Exactly one document, duplicate keys refused.
 * @param where name of the text in the errors
 * @throws ConfigError on bad syntax, with the line
 */
export function readDocument(text: string, where: string, path = ''): Document {
  if (text.length > MAX_TEXT) throw refused(where, path, `is ${text.length} characters long, the limit is ${MAX_TEXT}`)
  try {
    const events = parseEvents(text, { maxDepth: MAX_DEPTH })
    const count = countNodes(events, text, MAX_NODES)
    if (count > MAX_NODES) throw refused(where, path, `has more than ${MAX_NODES} keys and values, aliases written out`)
    const documents = constructFromEvents(events, { source: text, schema: CORE_SCHEMA, maxAliases: MAX_ALIASES })
    if (documents.length !== 1) {
      const found = documents.length === 0 ? 'no document' : `${documents.length} documents`
      throw refused(where, path, `holds ${found}, expected exactly one`)
    }
    const lines = linesOf(events, text)
    if (lines === undefined) throw refused(where, path, 'has keys that are too long')
    return { value: documents[0], lineOf: (wanted) => nearestLine(lines, wanted) }
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error
    throw refused(where, path, `is not valid YAML: ${reasonOf(error, text)}`, error.mark && error.mark.line + 1)
  }
}

function refused(where: string, path: string, message: string, line?: number): ConfigError {
  return new ConfigError(where, [{ severity: 'error', path, message, ...(line === undefined ? {} : { line }) }])
}

/**
 * The parser's reason, in our words where a user meets it often, and where the parser's would quote a possible value.
 */
function reasonOf(error: YAMLException, text: string): string {
  const quoting = QUOTING.find(({ match }) => match.test(error.reason))
  if (quoting) return `${quoting.reason} (put a value that begins so in quotes)`
  if (error.reason !== 'duplicated mapping key' || error.mark === undefined) return error.reason
  const key = /^["']?([^"':\s]+)/.exec(text.slice(error.mark.position))?.[1]
  return key === undefined ? 'duplicate key' : `duplicate key \`${key}\``
}

/** Reasons of js-yaml that repeat the text: `*Passw0rd` is an alias to YAML, `!Passw0rd` a tag. */
const QUOTING = [
  { match: /^unidentified alias/, reason: 'an alias without an anchor' },
  { match: /\btag\b.*[:"<]|[<"].*\btag\b/, reason: 'a tag that is not known' },
]

/** Walks up from `a.b[2].c` until a line is known. */
function nearestLine(lines: ReadonlyMap<string, number>, path: string): number | undefined {
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
function linesOf(events: readonly Event[], text: string): Map<string, number> | undefined {
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
