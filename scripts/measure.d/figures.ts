/** The figures of a tree: how full its folders are, how long files and functions, how plain the words. */
import { countOf, rateOf } from '../lib/prose.ts'
import { textOf } from '../lib/prose-text.ts'
import { functionsOfC, functionsOfTypeScript } from './functions.ts'
import { arrowsOf, circlesOf } from './rooms.ts'
import type { Tree } from './tree.ts'

/** A figure → its value; a figure that a tree does not have is missing. */
export type Figures = Readonly<Record<string, string | number>>

const PARTS = ['agent', 'webhook', 'bpf', 'test']
const CODE = /\.(?:ts|c|h|py)$/
/** CONTRIBUTING asks for shorter ones. */
const LONG_FUNCTION = 25
const LONG_FILE = 150
/** In docs/contribute: `Files for a hook: …`, one paragraph with each path in backticks. */
const FILES_FOR = /^Files for ([^:]+):(.+?)(?=\n\n|$(?![\s\S]))/gms

export function figuresOf(tree: Tree): Figures {
  return Object.assign({}, ...PARTS.map((part) => partOf(part, tree)), wholeOf(tree))
}

function partOf(part: string, tree: Tree): Figures {
  const files = [...tree].filter(([file]) => file.startsWith(`${part}/`))
  const code = files.filter(([file]) => CODE.test(file))
  const lines = code.map(([, text]) => text.split('\n').length - 1)
  const functions = code.flatMap(([file, text]) =>
    file.endsWith('.ts') ? functionsOfTypeScript(file, text) : functionsOfC(text),
  )
  return {
    [`${part}: files in a folder`]: spread(countsByFolder(files.map(([file]) => file))),
    [`${part}: lines of a file`]: spread(lines),
    [`${part}: files above ${LONG_FILE} lines`]: `${lines.filter((count) => count > LONG_FILE).length} of ${lines.length}`,
    [`${part}: lines of a function`]: spread(functions),
    [`${part}: functions above ${LONG_FUNCTION} lines`]: `${functions.filter((count) => count > LONG_FUNCTION).length} of ${functions.length}`,
  }
}

function wholeOf(tree: Tree): Figures {
  const arrows = arrowsOf(tree)
  const { circles, arrowsBackUp } = circlesOf(arrows)
  const prose = [...tree].map(([file, text]) => countOf(textOf(file, () => text) ?? ''))
  const hard = prose.reduce((sum, one) => ({ words: sum.words + one.words, hard: sum.hard + one.hard }))
  return {
    'rooms of agent and webhook': arrows.size,
    'circles between rooms': circles.length,
    'imports that run back up': arrowsBackUp,
    'hard words per 100 words': rateOf(hard).toFixed(2),
    'words of README.md': tree.get('README.md')?.match(/\S+/g)?.length ?? 0,
    ...filesToTouch(tree),
  }
}

function filesToTouch(tree: Tree): Figures {
  const guides = [...tree].filter(([file]) => file.startsWith('docs/contribute/'))
  const lists = guides.flatMap(([, text]) => [...text.matchAll(FILES_FOR)])
  return Object.fromEntries(
    lists.map(([, thing = '', paths = '']) => [`files to touch for ${thing}`, paths.match(/`[^`]+`/g)?.length ?? 0]),
  )
}

function countsByFolder(files: readonly string[]): number[] {
  const folders = Map.groupBy(files, (file) => file.slice(0, file.lastIndexOf('/')))
  return [...folders.values()].map(({ length }) => length)
}

/** `median / nine of ten at most / largest` */
function spread(numbers: readonly number[]): string {
  const sorted = numbers.toSorted((a, b) => a - b)
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0
  return [at(0.5), at(0.9), at(1)].join(' / ')
}
