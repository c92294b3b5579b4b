/** YAML or JSON text → its value, and the line of every key in it. */
import { CORE_SCHEMA, constructFromEvents, parseEvents, YAMLException } from 'js-yaml'
import { linesOf, nearestLine } from './lines.ts'
import { countNodes } from './node-count.ts'
import { ConfigError } from './problems.ts'
import { yamlReason } from './yaml-reason.ts'

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
    throw refused(where, path, `is not valid YAML: ${yamlReason(error, text)}`, error.mark && error.mark.line + 1)
  }
}

function refused(where: string, path: string, message: string, line?: number): ConfigError {
  return new ConfigError(where, [{ severity: 'error', path, message, ...(line === undefined ? {} : { line }) }])
}
