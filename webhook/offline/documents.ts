/** Manifest files → objects, and back. Read as Kubernetes reads them, so that the output means the same as the input. */
import { isDeepStrictEqual } from 'node:util'
import {
  binaryTag,
  boolYaml11Tag,
  defineScalarTag,
  dump,
  FAILSAFE_SCHEMA,
  floatCoreTag,
  intYaml11Tag,
  loadAll,
  mergeTag,
  NOT_RESOLVED,
  nullYaml11Tag,
  Schema,
  YAML11_SCHEMA,
  YAMLException,
} from 'js-yaml'
import { ConfigError } from '../../agent/policy/text/problems.ts'
import { yamlReason } from '../../agent/policy/text/yaml-reason.ts'
import { documentTexts, hasContent } from './document-texts.ts'
import { faultOfAliases } from './written-out.ts'

export type Format = 'yaml' | 'json'

/** One file's objects, in order. */
export interface ManifestFile {
  /** Its path, or `standard input`. */
  readonly where: string
  readonly format: Format
  readonly objects: readonly unknown[]
  /** As it came. */
  readonly text: string
}

/**
 * YAML 1.1 as sigs.k8s.io/yaml has it: `yes` is true and `0644` is octal, but dates and `22:22` are text. With YAML 1.2,
 * `defaultMode: 0644` would come back as 644.
 */
const intTag = defineScalarTag('tag:yaml.org,2002:int', {
  ...intYaml11Tag,
  resolve: (source, isExplicit, tagName) =>
    source.includes(':') ? NOT_RESOLVED : (intYaml11Tag.resolve(source, isExplicit, tagName) as number),
})
const READ_SCHEMA = new Schema([
  ...FAILSAFE_SCHEMA.tags,
  nullYaml11Tag,
  boolYaml11Tag,
  intTag,
  floatCoreTag,
  mergeTag,
  binaryTag,
])

/** @throws ConfigError naming the file and the line */
export function readManifests(text: string, where: string): ManifestFile {
  const format = /^\s*[{[]/.test(text) ? 'json' : 'yaml'
  try {
    const objects = loadAll(text, { schema: READ_SCHEMA }).filter(isThere)
    const fault = objects.map(faultOfAliases).find((one) => one !== undefined)
    if (fault !== undefined) throw new ConfigError(where, [{ severity: 'error', path: '', message: fault }])
    return { where, format, objects, text }
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error
    const line = error.mark && error.mark.line + 1
    const template = /\{\{.*\}\}/.test(text.split('\n')[(line ?? 1) - 1] ?? '') || /^\s*\{\{[^{}]*\}\}/m.test(text)
    const hint = template && { hint: 'a template is rendered first: `helm template … | kernelseal lint -f -`' }
    const message = `is not valid YAML: ${yamlReason(error, text)}`
    const problem = { severity: 'error', path: '', message, ...hint } as const
    throw new ConfigError(where, [line === undefined ? problem : { ...problem, line }])
  }
}

const isThere = (object: unknown): boolean => object !== null && object !== undefined

/** The text in pieces, of which each belongs to the next of the objects, or has none; undefined where they do not fit. */
export function piecesOf({ format, text, objects }: ManifestFile): readonly string[] | undefined {
  const pieces = format === 'yaml' ? documentTexts(text) : undefined
  const own = pieces?.filter(hasContent)
  return own?.length === objects.length && own.every((piece, index) => isTextOf(piece, objects[index]))
    ? pieces
    : undefined
}

function isTextOf(piece: string, object: unknown): boolean {
  try {
    return isDeepStrictEqual(loadAll(piece, { schema: READ_SCHEMA }).filter(isThere), [object])
  } catch {
    return false
  }
}

/** A file's objects as YAML: those that are the very ones that were read, by the text they were read from. */
export function printFile(file: ManifestFile, objects: readonly unknown[]): readonly string[] {
  const pieces = piecesOf(file)
  if (pieces === undefined) return objects.map(dumped)
  let next = 0
  return pieces.map((piece) => {
    if (!hasContent(piece)) return piece
    const index = next++
    if (objects[index] === file.objects[index]) return piece
    return `${piece.startsWith('---') ? '---\n' : ''}${dumped(objects[index])}`
  })
}

/** Several objects as YAML documents or, in JSON, as a List, which is one object to every reader. */
export function printManifests(objects: readonly unknown[], format: Format): string {
  if (format === 'json') {
    const whole = objects.length === 1 ? objects[0] : { apiVersion: 'v1', kind: 'List', items: objects }
    return `${JSON.stringify(whole, null, 2)}\n`
  }
  return objects.map(dumped).join('---\n')
}

/** The widest schema for writing: any text that some reader takes for something else is put in quotes. */
const dumped = (object: unknown): string => dump(object, { schema: YAML11_SCHEMA, noRefs: true, lineWidth: -1 })
