/**
 * Counts words that make sentences hard for a newcomer (free relatives and indefinite pronouns; `HARD` has the list) in comments
 * and Markdown, per 100 words. A folder may have 0.3; folders that have more stand in scripts/lib/prose.json, and may only fall.
 *
 *     node scripts/lib/prose.ts              the worst files; exit status 1 when a folder has more than it may
 *     node scripts/lib/prose.ts --max 0.3    exit status 1 when the whole tree has more than 0.3
 *     node scripts/lib/prose.ts --update     writes the rates that fell to the file
 *     node scripts/lib/prose.ts --quiet      nothing unless a folder has more than it may
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { textOf } from './prose-text.ts'

const ROOT = join(import.meta.dirname, '../..')
const RATES = join(import.meta.dirname, 'prose.json')
/** Files shown of the tree, and of those only files in which the words stand more than once; and files shown of a folder. */
const SHOWN = 15
const HARD = /\b(?:what(?:ever)?|who(?:ever|m)?|(?:no|some|any|every)body)\b/gi
const WORD = /[\p{L}\p{N}][\p{L}\p{N}'’-]*/gu
/** Hard words per 100 words that every folder may have. */
const GOAL = 0.3

export interface Count {
  readonly words: number
  readonly hard: number
}

export type Rates = Readonly<Record<string, number>>

export function countOf(text: string): Count {
  return { words: text.match(WORD)?.length ?? 0, hard: text.match(HARD)?.length ?? 0 }
}

/** Hard words per 100 words, to two places. */
export function rateOf({ words, hard }: Count): number {
  return words === 0 ? 0 : Math.round((hard * 10_000) / words) / 100
}

/** `agent/policy/parse.ts` → `agent/policy`; `agent/main.ts` → `agent`; `README.md` → `.` */
export function folderOf(file: string): string {
  return file.split('/').slice(0, -1).slice(0, 2).join('/') || '.'
}

/** One sentence for each folder that has more than it may, with the words of its files. */
export function excessOf(found: Rates, allowed: Rates, wordsIn: (folder: string) => string[] = () => []): string[] {
  return Object.entries(found).flatMap(([folder, rate]) => {
    const limit = allowed[folder] ?? GOAL
    const sentence = `${folder}: ${rate} hard words per 100 words; it may have ${limit}`
    return rate > limit ? [[sentence, ...wordsIn(folder)].join('\n  ')] : []
  })
}

/** `agent/policy/parse.ts: what 2, nobody 1` */
export function wordsOf(file: string, text: string): string {
  const counts = new Map<string, number>()
  for (const [word] of text.toLowerCase().matchAll(HARD)) counts.set(word, (counts.get(word) ?? 0) + 1)
  return `${file}: ${[...counts].map(([word, count]) => `${word} ${count}`).join(', ')}`
}

/** The allowed rates from now on: entries fall with their folder, and go when it reached the goal. None is added. */
export function loweredBy(found: Rates, allowed: Rates): Rates {
  const lower = Object.entries(allowed).map(([folder, rate]) => [folder, Math.min(rate, found[folder] ?? 0)] as const)
  return Object.fromEntries(lower.filter(([, rate]) => rate > GOAL))
}

function addTo(counts: Map<string, Count>, key: string, { words, hard }: Count): void {
  const before = counts.get(key) ?? { words: 0, hard: 0 }
  counts.set(key, { words: before.words + words, hard: before.hard + hard })
}

interface Tree {
  readonly files: Map<string, Count>
  readonly folders: Map<string, Count>
  readonly all: Count
}

const textIn = (name: string): string | undefined => textOf(name, () => readFileSync(join(ROOT, name), 'utf8'))

function countTree(): Tree {
  const names = execFileSync('git', ['ls-files', '-z'], { cwd: ROOT, encoding: 'utf8', maxBuffer: 1 << 26 })
  const [files, folders] = [new Map<string, Count>(), new Map<string, Count>()]
  for (const name of names.split('\0')) {
    const text = textIn(name)
    if (text === undefined) continue
    const count = countOf(text)
    files.set(name, count)
    addTo(folders, folderOf(name), count)
    addTo(folders, 'all', count)
  }
  const all = folders.get('all') ?? { words: 0, hard: 0 }
  folders.delete('all')
  return { files, folders, all }
}

/** The files of a folder that have such words, the worst first. */
const worstOf = (files: Tree['files'], folder: string): string[] =>
  [...files]
    .filter(([name, { hard }]) => hard > 0 && folderOf(name) === folder)
    .sort(([, a], [, b]) => b.hard - a.hard)
    .slice(0, SHOWN)
    .map(([name]) => wordsOf(name, textIn(name) ?? ''))

function showWorst(files: ReadonlyMap<string, Count>): void {
  const worst = [...files].filter(([, { hard }]) => hard > 1).sort(([, a], [, b]) => b.hard - a.hard)
  for (const [name, count] of worst.slice(0, SHOWN))
    console.log(`${String(count.hard).padStart(4)}  ${rateOf(count).toFixed(2)} per 100 words  ${name}`)
}

const OPTIONS = {
  max: { type: 'string' },
  update: { type: 'boolean' },
  quiet: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

/** The head of this file. */
function usage(): number {
  const [, head = ''] = /\/\*\*\n(.*?)\n \*\//s.exec(readFileSync(import.meta.filename, 'utf8')) ?? []
  console.log(head.replace(/^ \* ?/gm, ''))
  return 0
}

function main(): number {
  const { values } = parseArgs({ options: OPTIONS })
  if (values.help) return usage()
  const limit = Number(values.max ?? Number.POSITIVE_INFINITY)
  if (Number.isNaN(limit)) throw new Error(`--max: \`${values.max}\` is not a number (hard words per 100 words)`)
  const { files, folders, all } = countTree()
  const found = Object.fromEntries([...folders].map(([folder, count]) => [folder, rateOf(count)]))
  const written = JSON.parse(readFileSync(RATES, 'utf8')) as Rates
  const allowed = values.update ? loweredBy(found, written) : written
  if (!values.quiet) showWorst(files)
  if (!values.quiet)
    console.log(
      `${rateOf(all).toFixed(2)} hard words per 100 words, ${all.hard} of ${all.words}, in ${files.size} files`,
    )
  if (values.update) writeFileSync(RATES, `${JSON.stringify(allowed, null, 2)}\n`)
  const problems = excessOf(found, allowed, (folder) => worstOf(files, folder))
  if (rateOf(all) > limit) problems.push(`the whole tree: ${rateOf(all)} hard words per 100 words; --max ${limit}`)
  for (const problem of problems) console.error(`error: ${problem}`)
  if (problems.length > 0) console.error('Say the thing in place of such a word: "the value" and not "what it holds".')
  return problems.length > 0 ? 1 : 0
}

if (import.meta.main) process.exitCode = main()
