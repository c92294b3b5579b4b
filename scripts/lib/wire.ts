/**
 * Writes agent/wire/generated.ts: the structures and numbers of bpf/lib/wire.h, from the BTF of the built objects. Structures
 * come from the object that the agent loads, so that the table is that of the running programs; enums from build/wire.o
 * (bpf/Makefile says why).
 *
 *     node scripts/lib/wire.ts            exit status 1 when the file says anything else than the objects
 *     node scripts/lib/wire.ts --update   writes it
 *
 * `--root DIR` takes another copy of the repository, for the tests.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Enum, type Struct, type Types, typesOf } from './btf.ts'

const ROOT = join(import.meta.dirname, '../..')
const FILE = 'agent/wire/generated.ts'
const OBJECTS = { structs: 'bpf/build/kernelseal.bpf.o', enums: 'bpf/build/wire.o' } as const
const COMMAND = 'make -s -C bpf && node scripts/lib/wire.ts --update'
/** The interface's names begin so; all others are the kernel's, or a program's own. */
const OURS = 'ks_'

const HEAD = `/**
 * Generated from the BTF of bpf/build; do not edit. The source is bpf/lib/wire.h, the command
 *
 *     ${COMMAND}
 *
 * A structure's fields: [offset, width] in bytes.
 */
`

/** The text of the generated file. @throws Error when the objects have no structures or no enums of ours */
export function generated({ structs, enums }: Types): string {
  if (!structs.length) throw new Error(`\`${OBJECTS.structs}\` has no \`struct ${OURS}…\``)
  if (!enums.length) throw new Error(`\`${OBJECTS.enums}\` has no \`enum ${OURS}…\``)
  const [ours, numbers] = [sorted(structs), sorted(enums)]
  const all = ours.map(({ name }) => `  ${constantOf(name)},\n`).join('')
  const parts = [...numbers.map(enumText), ...ours.map(structText), `export const STRUCTS = [\n${all}] as const\n`]
  return [HEAD, ...parts].join('\n')
}

/** By name: the order of types in BTF is the compiler's own affair, and another compiler must give the same file. */
const sorted = <T extends Struct | Enum>(types: readonly T[]): T[] =>
  types.toSorted((a, b) => (a.name < b.name ? -1 : 1))

/** `ks_path_key` → `PATH_KEY` */
const constantOf = (name: string): string => name.slice(OURS.length).toUpperCase()

function structText({ name, size, fields }: Struct): string {
  const lines = fields.map(([field, offset, width]) => `    ${field}: [${offset}, ${width}],\n`).join('')
  return `export const ${constantOf(name)} = {\n  name: '${name}',\n  size: ${size},\n  fields: {\n${lines}  },\n} as const\n`
}

function enumText({ name, values }: Enum): string {
  const prefix = prefixOf(values.map(([key]) => key))
  const lines = values.map(([key, value]) => `  ${key.slice(prefix.length)}: ${value},\n`).join('')
  return `/** enum ${name}, ${prefix}… */\nexport const ${constantOf(name)} = {\n${lines}} as const\n`
}

/** What the names begin with alike, up to a `_`: `KS_WAY_` of all ways. At least `KS_`. */
function prefixOf(names: readonly string[]): string {
  const [first = [], ...others] = names.map((name) => name.split('_').slice(0, -1))
  if (!others.length) return OURS.toUpperCase()
  const same = first.findIndex((word, i) => others.some((words) => words[i] !== word))
  return `${(same < 0 ? first : first.slice(0, same)).join('_')}_`
}

/** As the objects below `root` have it. */
function wantedIn(root: string): string {
  const typesIn = (path: string): Types => {
    if (!existsSync(join(root, path))) throw new Error(`there is no \`${path}\`: make -s -C bpf`)
    try {
      return typesOf(readFileSync(join(root, path)), OURS)
    } catch (error) {
      throw new Error(`\`${path}\`: ${(error as Error).message}`, { cause: error })
    }
  }
  return generated({ structs: typesIn(OBJECTS.structs).structs, enums: typesIn(OBJECTS.enums).enums })
}

/** @throws Error naming the first line that is not as wanted */
function prove(text: string, wanted: string): void {
  if (text === wanted) return
  const [found, due] = [text.split('\n'), wanted.split('\n')]
  const at = due.findIndex((line, i) => line !== found[i])
  const [is, should] = [found[at]?.trim() ?? 'nothing', due[at]?.trim() ?? 'nothing']
  throw new Error(`${FILE}:${at + 1} is \`${is}\`, and bpf/build has \`${should}\`: ${COMMAND}`)
}

function main(): void {
  const { values } = parseArgs({ options: { update: { type: 'boolean' }, root: { type: 'string', default: ROOT } } })
  const [path, wanted] = [join(values.root, FILE), wantedIn(values.root)]
  if (values.update) writeFileSync(path, wanted)
  else prove(existsSync(path) ? readFileSync(path, 'utf8') : '', wanted)
}

if (import.meta.main) {
  try {
    main()
  } catch (error) {
    console.error(`error: ${(error as Error).message}`)
    process.exitCode = 1
  }
}
