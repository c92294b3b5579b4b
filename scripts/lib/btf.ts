/**
 * Reads the type information (BTF) of an object file without loading it: structures with the place of every field, and
 * enums. Format: Documentation/bpf/btf.rst of the kernel.
 */
import { sectionOf, stringAt } from './elf.ts'

export interface Struct {
  readonly name: string
  readonly size: number
  /** Offset and width in bytes. */
  readonly fields: readonly (readonly [name: string, offset: number, width: number])[]
}

export interface Enum {
  readonly name: string
  readonly values: readonly (readonly [name: string, value: number])[]
}

export interface Types {
  readonly structs: readonly Struct[]
  readonly enums: readonly Enum[]
}

interface Type {
  readonly id: number
  readonly name: string
  readonly kind: number
  /** Of a structure: it has bit fields. */
  readonly flag: boolean
  /** Size in bytes, or the number of the type it refers to. */
  readonly sizeOrType: number
  /** Behind the first three words; one list for each member, if the kind has members. */
  readonly rows: readonly (readonly number[])[]
}

interface Btf {
  readonly types: ReadonlyMap<number, Type>
  readonly text: (offset: number) => string
}

const INT = 1
const POINTER = 2
const ARRAY = 3
const STRUCT = 4
const UNION = 5
const ENUM = 6
/** Typedef, volatile, const, restrict, type tag: other names of the type they refer to. */
const ALIASES: readonly number[] = [8, 9, 10, 11, 18]
/** Words of a row behind the first three, by kind; those of a kind in MEMBERS come once for each member. */
const ROW = [undefined, 1, 0, 3, 3, 3, 2, 0, 0, 0, 0, 0, 0, 2, 1, 3, 0, 1, 0, 3]
/** Structure, union, enum, parameters of a function, variables of a section, enum of 64 bits. */
const MEMBERS: readonly number[] = [STRUCT, UNION, ENUM, 13, 15, 19]

/**
 * @param prefix of the names that are wanted
 * @throws Error when the bytes are no such object, or hold a kind of type unknown to this reader
 */
export function typesOf(object: Buffer, prefix: string): Types {
  const btf = parse(sectionOf(object, '.BTF'))
  const named = [...btf.types.values()].filter(({ name }) => name.startsWith(prefix))
  return {
    structs: named.filter(({ kind }) => kind === STRUCT).map((type) => structOf(btf, type)),
    enums: named.filter(({ kind }) => kind === ENUM).map((type) => enumOf(btf, type)),
  }
}

function structOf(btf: Btf, { name, sizeOrType, flag, rows }: Type): Struct {
  const fields = rows.map(([nameAt = 0, type = 0, bit = 0]) => {
    const field = btf.text(nameAt)
    // With `flag` the upper 8 bits are the width of a bit field, 0 for a field that is none.
    const [bits, offset] = flag ? [bit >>> 24, bit & 0xffffff] : [0, bit]
    if (bits || offset % 8) throw new Error(`struct ${name}: \`${field}\` is a bit field, which has no place in bytes`)
    return [field, offset / 8, widthOf(btf, type)] as const
  })
  return { name, size: sizeOrType, fields }
}

function enumOf(btf: Btf, { name, rows }: Type): Enum {
  return { name, values: rows.map(([nameAt = 0, value = 0]) => [btf.text(nameAt), value]) }
}

function widthOf(btf: Btf, id: number): number {
  const type = btf.types.get(id)
  if (!type) throw new Error(`the BTF has no type ${id}`)
  if (ALIASES.includes(type.kind)) return widthOf(btf, type.sizeOrType)
  if (type.kind === POINTER) return 8
  const [element = 0, , count = 0] = type.rows[0] ?? []
  if (type.kind === ARRAY) return count * widthOf(btf, element)
  if ([INT, STRUCT, UNION, ENUM].includes(type.kind)) return type.sizeOrType
  throw new Error(`the BTF's type ${id} is of kind ${type.kind}, whose size this reader does not know`)
}

/** struct btf_header { magic, version, flags, hdr_len, type_off, type_len, str_off, str_len }, then types and strings. */
function parse(bytes: Buffer): Btf {
  if (bytes.length < 24 || bytes.readUInt16LE(0) !== 0xeb9f) throw new Error('the section `.BTF` holds no BTF')
  const [start = 0, typesAt = 0, typesLength = 0, textAt = 0] = wordsAt(bytes, 4, 4)
  const text = (offset: number): string => stringAt(bytes, start + textAt + offset)
  const types = new Map<number, Type>()
  for (let at = start + typesAt; at < start + typesAt + typesLength; ) {
    const [nameAt = 0, info = 0, sizeOrType = 0] = wordsAt(bytes, at, 3)
    const [id, kind] = [types.size + 1, (info >>> 24) & 0x1f]
    const width = ROW[kind]
    if (width === undefined) throw new Error(`the BTF's type ${id} is of kind ${kind}, which this reader does not know`)
    const count = MEMBERS.includes(kind) ? info & 0xffff : 1
    const rows = Array.from({ length: count }, (_, i) => wordsAt(bytes, at + 12 + i * width * 4, width))
    types.set(id, { id, name: text(nameAt), kind, flag: info >>> 31 === 1, sizeOrType, rows })
    at += 12 + count * width * 4
  }
  return { types, text }
}

const wordsAt = (bytes: Buffer, at: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => bytes.readUInt32LE(at + i * 4))
