/**
 * Lists every kernel program of `bpf/` from its sources: purpose of the file, hook, kind of program. The lists stand in bpf/README.md.
 *
 *     node scripts/lib/hooks.ts            exit status 1 when bpf/README.md lists anything else, a source's header leaves a hook out,
 *                                          or two programs refuse at one hook
 *     node scripts/lib/hooks.ts --update   writes them there; part of `npm run build`
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '../..')
const README = join(ROOT, 'bpf/README.md')
/** Between these two lines of bpf/README.md the lists stand. */
const MARKS = ['<!-- hooks: written by `npm run build` -->', '<!-- end of hooks -->'] as const

/** No hook: BPF_PROG_TEST_RUN in the agent's own context. */
const BY_AGENT = 'run by the agent itself'

/** A hook with the programs on it: `ENFORCE` makes one for each tier, others may be attached several times. */
export interface Hook {
  readonly hook: string
  readonly attachedAs: string
  readonly program: string
}

/** The programs of one source, one entry for each place that is attached to. */
export function hooksOf(source: string): Hook[] {
  const found = [...enforced(source), ...macroUses(source), ...sections(source)]
  const first = new Map<string, Hook>()
  for (const { at, ...hook } of found.toSorted((a, b) => a.at - b.at)) {
    const key = hook.hook === BY_AGENT ? hook.program : `${hook.attachedAs} ${hook.hook}`
    if (!first.has(key)) first.set(key, hook)
  }
  return [...first.values()]
}

type Found = Hook & { readonly at: number }

/** `ENFORCE(name, lsm hook, kernel function, …)` of bpf/lib/hook.h. */
function enforced(source: string): Found[] {
  return [...source.matchAll(/^ENFORCE(?:_UNCOUNTED)?\((\w+),\s*(\w+),\s*(\w+),/gm)].map((match) => {
    const [, program = '', hook = '', called = ''] = match
    return { at: match.index, hook, attachedAs: `\`lsm\`, or \`fmod_ret/${called}\``, program }
  })
}

/** Macros of the file's own that make a program: `#define AT_X(name, …) SEC("section") …`, then `AT_X(…)`. */
function macroUses(source: string): Found[] {
  return [...source.matchAll(/^#define (\w+)\((\w+)(?:, (\w+))?\)[\s\\]*SEC\("([\w/]+)"(?: #\w+)?\)/gm)].flatMap(
    ([, macro = '', , , section = '']) =>
      [...source.matchAll(new RegExp(`^${macro}\\((\\w+), (\\w+)\\)`, 'gm'))].map((match) => {
        const [, program = '', argument = ''] = match
        return { at: match.index, ...placeOf(section.endsWith('/') ? section + argument : section), program }
      }),
  )
}

function sections(source: string): Found[] {
  return [...source.matchAll(/^SEC\("([\w/]+)"\)\s*int (?:BPF_PROG\()?(\w+)/gm)].map((match) => {
    const [, section = '', program = ''] = match
    return { at: match.index, ...placeOf(section), program }
  })
}

function placeOf(section: string): Pick<Hook, 'hook' | 'attachedAs'> {
  const [kind = '', hook = BY_AGENT] = section.split('/')
  return { hook, attachedAs: `\`${kind}\`` }
}

/** The first sentence of the header comment. */
export function purposeOf(source: string): string {
  const header = /\/\*\n((?: \*.*\n)+?) \*(?:\/|\n)/.exec(source)?.[1] ?? ''
  const text = header
    .replaceAll(/^ \* ?/gm, '')
    .replaceAll('\n', ' ')
    .trim()
  return (/^.*?[.:](?= |$)/.exec(text)?.[0] ?? text).replace(/:$/, '.')
}

/** The hooks that the header comment, where a reader looks for them, leaves out. */
export function unnamedHooks(source: string): string[] {
  const header = /\/\*\n(?: \*.*\n)+/.exec(source)?.[0] ?? ''
  const words = new Set(header.match(/\w+/g))
  const isNamed = (hook: string) =>
    [hook, `security_${hook}`, withoutArchitecture(hook)].some((name) => words.has(name))
  return hooksOf(source).flatMap(({ hook }) => (hook === BY_AGENT || isNamed(hook) ? [] : [hook]))
}

/** `__x64_sys_open` is `sys_open`. */
const withoutArchitecture = (hook: string): string => hook.replace(/^__[a-z0-9]+_(?=sys_)/, '')

/**
 * Hooks at which more than one program refuses. Each is a call of its own for everything that comes there, three in the
 * tier fmod_ret, of 38 that a hook may have (BPF_MAX_TRAMP_LINKS): one program asks all that is to be asked.
 *
 * @param sources path below `bpf/` → text
 */
export function sharedHooks(sources: ReadonlyMap<string, string>): string[] {
  const programs = Map.groupBy([...sources.values()].flatMap(enforced), ({ hook }) => hook)
  return [...programs].flatMap(([hook, at]) =>
    at.length > 1 ? [`${hook}: ${at.map(({ program }) => program).join(', ')}`] : [],
  )
}

/** @param sources path below `bpf/` → text */
export function listsOf(sources: ReadonlyMap<string, string>): string {
  const files = [...sources].map(([path, text]) => `- [${path}](${path}): ${purposeOf(text)}`)
  const rows = [...sources].flatMap(([path, text]) =>
    hooksOf(text).map(({ hook, attachedAs, program }) => {
      const name = hook.includes(' ') ? hook : `\`${hook}\``
      return `| ${name} | ${attachedAs} | \`${program}\` | ${path} |`
    }),
  )
  return [...files, '', '| Hook | Attached as | Program | Source |', '|---|---|---|---|', ...rows].join('\n')
}

/** @returns the page with these lists @throws Error without the marks */
export function withLists(page: string, lists: string): string {
  const [start, end] = MARKS.map((mark) => page.indexOf(mark)) as [number, number]
  if (start < 0 || end < start) throw new Error(`bpf/README.md has no lines \`${MARKS.join('` and `')}\``)
  return `${page.slice(0, start)}${MARKS[0]}\n\n${lists}\n\n${page.slice(end)}`
}

function readSources(): Map<string, string> {
  // New files as well, which Git does not know yet.
  const list = ['ls-files', '-co', '--exclude-standard', 'bpf/*/*.bpf.c']
  const files = execFileSync('git', list, { cwd: ROOT, encoding: 'utf8' }).trim().split('\n')
  const there = files.filter((file) => existsSync(join(ROOT, file))).toSorted()
  return new Map(there.map((file) => [file.slice('bpf/'.length), readFileSync(join(ROOT, file), 'utf8')]))
}

if (import.meta.main) {
  const sources = readSources()
  const page = readFileSync(README, 'utf8')
  const wanted = withLists(page, listsOf(sources))
  if (process.argv.includes('--update')) writeFileSync(README, wanted)
  else if (wanted !== page) fail('bpf/README.md does not list the programs of bpf/: run `npm run build`')
  for (const shared of sharedHooks(sources))
    fail(
      `two programs refuse at one hook; the first has to ask a header of the second (docs/contribute/add-a-hook.md): ${shared}`,
    )
  for (const [path, text] of sources) {
    const unnamed = unnamedHooks(text)
    if (unnamed.length)
      fail(
        `the header of bpf/${path} does not say how the kernel comes to ${unnamed.join(', ')}: add \` *   ${unnamed[0]}  the kernel function()\`, as in ptrace_guard.bpf.c`,
      )
  }
}

function fail(message: string): void {
  console.error(`error: ${message}`)
  process.exitCode = 1
}
