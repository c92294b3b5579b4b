/**
 * The functions of a BPF object file, and which of them each calls or hands to a helper as a callback. Instructions:
 * Documentation/bpf/standardization/instruction-set.rst of the kernel; calls are found as libbpf finds them
 * (bpf_object__reloc_code).
 */
import { type Section, sectionsOf, stringAt } from './elf.ts'

/** Bytes of an instruction; the load of a 64-bit constant has two of them. */
export const INSTRUCTION = 8
export const LOAD_CONSTANT = 0x18
/** Of a helper, or of a function of the object. */
export const CALL = 0x85
/** In the source register of a call: of a function of the object, not of a helper (BPF_PSEUDO_CALL). */
const OF_OBJECT = 1

const [SYMBOLS, RELOCATIONS] = [2, 9]
const CODE = 4
const FUNCTION = 2

export interface BpfFunction {
  readonly name: string
  readonly code: Buffer
  readonly calls: readonly string[]
  /** The kernel starts it; the others are called. */
  readonly isProgram: boolean
}

interface Symbol {
  readonly name: string
  readonly isFunction: boolean
  readonly section: number
  readonly value: number
  readonly size: number
}

/** Functions of one section are side by side; the place of a call is its section and its offset there. */
type Find = (section: number, offset: number) => Symbol | undefined

export function functionsOf(object: Buffer): BpfFunction[] {
  const sections = sectionsOf(object)
  const symbols = symbolsOf(sections)
  const functions = symbols.filter(({ isFunction }) => isFunction)
  const find: Find = (section, offset) =>
    functions.find((symbol) => symbol.section === section && symbol.value === offset)
  return functions.map(({ name, section, value, size }) => {
    const relocations = relocationsOf(sections, section, symbols)
    const code = sections[section]!.content.subarray(value, value + size)
    const targets = instructionsOf(code).map(({ at, bytes }) => target(bytes, section, value + at, relocations, find))
    const calls = [...new Set(targets.flatMap((symbol) => (symbol ? [symbol.name] : [])))]
    return { name, code, calls, isProgram: sections[section]!.name !== '.text' }
  })
}

/** One by one, with their offsets. */
export function instructionsOf(code: Buffer): { readonly at: number; readonly bytes: Buffer }[] {
  const found = []
  for (let at = 0; at < code.length; at += code[at] === LOAD_CONSTANT ? 2 * INSTRUCTION : INSTRUCTION)
    found.push({ at, bytes: code.subarray(at, at + INSTRUCTION) })
  return found
}

/** The function that an instruction calls, or whose address it loads. A call counts from the instruction behind it. */
function target(
  bytes: Buffer,
  section: number,
  at: number,
  relocations: ReadonlyMap<number, Symbol>,
  find: Find,
): Symbol | undefined {
  const value = bytes.readInt32LE(4) * INSTRUCTION
  const symbol = relocations.get(at)
  if (bytes[0] === LOAD_CONSTANT) return symbol && find(symbol.section, symbol.value + bytes.readInt32LE(4))
  if (bytes[0] !== CALL || bytes[1]! >> 4 !== OF_OBJECT) return undefined
  const called = symbol
    ? find(symbol.section, symbol.value + value + INSTRUCTION)
    : find(section, at + value + INSTRUCTION)
  if (!called) throw new Error(`a call at ${at} of section ${section} leads to no function`)
  return called
}

function symbolsOf(sections: readonly Section[]): Symbol[] {
  const table = sections.find(({ type }) => type === SYMBOLS)?.content ?? Buffer.alloc(0)
  const names = sections.find(({ name }) => name === '.strtab')?.content ?? Buffer.alloc(1)
  return rowsOf(table, 24).map((row) => {
    const section = row.readUInt16LE(6)
    return {
      name: stringAt(names, row.readUInt32LE(0)),
      isFunction: (row[4]! & 15) === FUNCTION && ((sections[section]?.flags ?? 0) & CODE) !== 0,
      section,
      value: Number(row.readBigUInt64LE(8)),
      size: Number(row.readBigUInt64LE(16)),
    }
  })
}

/** Offset in the section → the symbol that the instruction there refers to. */
function relocationsOf(sections: readonly Section[], of: number, symbols: readonly Symbol[]): Map<number, Symbol> {
  const tables = sections.filter(({ type, info }) => type === RELOCATIONS && info === of)
  const rows = tables.flatMap(({ content }) => rowsOf(content, 16))
  return new Map(rows.map((row) => [Number(row.readBigUInt64LE(0)), symbols[row.readUInt32LE(12)]!]))
}

function rowsOf(table: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.floor(table.length / size) }, (_, i) => table.subarray(i * size, (i + 1) * size))
}
