/** Findings → lines and columns of their files: of the annotation's key, and inside of an annotation of many lines the line itself. */
import { EVENT_ID, type Event, parseEvents } from 'js-yaml'
import { linesOf, nearestLine } from '../../../agent/policy/text/lines.ts'
import { isObject } from '../../mutate/pod/pod.ts'
import { hasContent } from '../document-texts.ts'
import { type ManifestFile, piecesOf } from '../documents.ts'
import { podsIn, titleOf } from '../workloads.ts'
import type { Finding } from './finding.ts'

export interface Located extends Finding {
  /** Both from 1. */
  readonly line: number
  readonly column: number
}

type Steps = readonly (string | number)[]
type Lines = ReadonlyMap<string, number>

/** @returns one finding for each problem: a Pod with four mistakes is refused by one message of four lines */
export function locate(files: readonly ManifestFile[], findings: readonly Finding[]): Located[] {
  const inFile = new Map(files.map((file) => [file.where, locatorOf(file)]))
  return findings.flatMap((finding) =>
    problemsOf(finding.text).map((text) => {
      const { line, column } = inFile.get(finding.where)?.(finding.object, text) ?? { line: 1, column: 1 }
      return { ...finding, text: text.replace(INNER, '$1:'), line, column }
    }),
  )
}

const problemsOf = (text: string): string[] =>
  text.replace(/^KernelSeal: (the KernelSeal annotations cannot be used: )?/, '').split('\n')

/** `KEY: PATH (line 3):`, the line being that of the annotation. */
const INNER = /^((?:secret\.)?kernelseal\.io\/[\w.-]+: \S+) \(line (\d+)\):/
const KEY = /(?:^|[\s`])((?:secret\.)?kernelseal\.io\/[\w.-]*\w)/
const SPEC = /`(spec\.[\w.[\]]+)`/

function locatorOf(file: ManifestFile) {
  const rows = file.text.split('\n')
  const lines = linesOfObjects(file)
  const places = file.objects.flatMap((object, index) => placesIn(object).map((place) => ({ ...place, index })))
  const byTitle = Map.groupBy(places, ({ title }) => title)
  return (object: string, text: string) => {
    for (const { index, steps, owner } of byTitle.get(object) ?? []) {
      const known = lines?.[index]?.()
      const found = known && inDocument(known, rows, text, [steps, owner])
      if (found) return found
    }
    return undefined
  }
}

function inDocument(lines: Lines, rows: readonly string[], text: string, bases: readonly Steps[]) {
  const key = KEY.exec(text)?.[1]
  const member = SPEC.exec(text)?.[1]
  const tails =
    key === undefined
      ? (member ?? 'metadata.name')
      : ['metadata.annotations.', 'metadata.labels.'].map((map) => map + key)
  const paths = bases.flatMap((base) => [tails].flat().map((tail) => pathOf(base, tail)))
  const line = paths.map((path) => lines.get(path)).find((at) => at !== undefined) ?? nearestLine(lines, paths[0] ?? '')
  if (line === undefined) return undefined
  const inner = innerLine(text, rows[line - 1] ?? '')
  const word = inner === 0 ? (key ?? member?.split('.').at(-1)) : INNER.exec(text)?.[1]?.split(/[.\]]/).at(-1)
  return { line: line + inner, column: columnOf(rows[line + inner - 1] ?? '', word) }
}

/** Below the key of a text in `|` form; 0 where the annotation is one line of the file. */
function innerLine(text: string, row: string): number {
  const inner = INNER.exec(text)?.[2]
  return inner !== undefined && /:\s+\|[-+0-9]*\s*(#.*)?$/.test(row) ? Number(inner) : 0
}

/** @param word looked for in the row; its first character otherwise */
export function columnOf(row: string, word = ''): number {
  const at = word === '' ? -1 : row.indexOf(word)
  return (at >= 0 ? at : Math.max(0, row.search(/\S/))) + 1
}

const pathOf = (base: Steps, tail: string): string =>
  base
    .reduce<string>((path, step) => (typeof step === 'number' ? `${path}[${step}]` : `${path}.${step}`), '')
    .replace(/^\./, '') + (base.length > 0 ? `.${tail}` : tail)

interface Place {
  readonly title: string
  /** From the document to the Pod. */
  readonly steps: Steps
  /** To the object that the Pod's template is in. */
  readonly owner: Steps
}

function placesIn(object: unknown, steps: Steps = []): Place[] {
  if (!isObject(object)) return []
  if (String(object.kind).endsWith('List') && Array.isArray(object.items)) {
    return object.items.flatMap((item, index) => placesIn(item, [...steps, 'items', index]))
  }
  const pods = podsIn(object).map((place) => ({ title: place.title, steps: [...steps, ...place.steps], owner: steps }))
  if (pods.length > 0 || typeof object.kind !== 'string') return pods
  return [{ title: titleOf(object.kind, isObject(object.metadata) ? object.metadata : {}), steps, owner: steps }]
}

/** Of each object its lines in the file, found when they are asked for: document by document, since lines are counted from a text's start. */
function linesOfObjects(file: ManifestFile): (() => Lines)[] | undefined {
  const pieces = piecesOf(file)
  if (pieces === undefined) return documentsOf(file)?.map((events) => once(() => linesOf(events, file.text)))
  let above = 0
  return pieces.flatMap((piece) => {
    const before = above
    above += piece.split('\n').length - 1
    return hasContent(piece) ? [once(() => shifted(linesOf(parseEvents(piece, {}), piece), before))] : []
  })
}

function once(find: () => Lines | undefined): () => Lines {
  let found: Lines | undefined
  return () => {
    found ??= find() ?? new Map()
    return found
  }
}

const shifted = (lines: Lines | undefined, by: number): Lines =>
  new Map([...(lines ?? [])].map(([path, line]) => [path, line + by]))

/** The events of each object; undefined where the text has others than were read. */
function documentsOf({ text, objects }: ManifestFile): Event[][] | undefined {
  const documents: Event[][] = []
  for (const event of parseEvents(text, {})) {
    if (event.type === EVENT_ID.DOCUMENT) documents.push([])
    documents.at(-1)?.push(event)
  }
  // Without content there are the document and its end, and perhaps one `null`.
  const full = documents.filter((events) =>
    events.some(({ type }) => type === EVENT_ID.MAPPING || type === EVENT_ID.SEQUENCE),
  )
  return full.length === objects.length ? full : undefined
}
