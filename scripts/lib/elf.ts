/** Sections of an object file: the ELF container as in elf(5), 64 bits, little-endian. */

export interface Section {
  readonly index: number
  readonly name: string
  /** SHT_PROGBITS, SHT_SYMTAB, … */
  readonly type: number
  /** SHF_EXECINSTR and others. */
  readonly flags: number
  /** Of relocations: the section they belong to. */
  readonly info: number
  readonly content: Buffer
}

/**
 * Elf64_Ehdr: e_shoff at 40, e_shentsize, e_shnum, e_shstrndx from 58 on. Elf64_Shdr: name, type, flags; offset at 24, size at 32, info at 44.
 * @throws Error when the bytes are no ELF file
 */
export function sectionsOf(object: Buffer): Section[] {
  if (object.length < 64 || object.readUInt32BE(0) !== 0x7f454c46) throw new Error('it is no ELF file')
  const [table, size] = [Number(object.readBigUInt64LE(40)), object.readUInt16LE(58)]
  const [count, names] = [object.readUInt16LE(60), object.readUInt16LE(62)]
  const headers = Array.from({ length: count }, (_, i) => object.subarray(table + i * size, table + (i + 1) * size))
  const text = contentOf(object, headers[names] ?? Buffer.alloc(64))
  return headers.map((header, index) => ({
    index,
    name: stringAt(text, header.readUInt32LE(0)),
    type: header.readUInt32LE(4),
    flags: Number(header.readBigUInt64LE(8)),
    info: header.readUInt32LE(44),
    content: contentOf(object, header),
  }))
}

/** @throws Error naming the section that is not there */
export function sectionOf(object: Buffer, wanted: string): Buffer {
  const found = sectionsOf(object).find(({ name }) => name === wanted)
  if (!found) throw new Error(`it has no section \`${wanted}\``)
  return found.content
}

export const stringAt = (bytes: Buffer, at: number): string => bytes.toString('latin1', at, bytes.indexOf(0, at))

function contentOf(object: Buffer, header: Buffer): Buffer {
  const at = Number(header.readBigUInt64LE(24))
  return object.subarray(at, at + Number(header.readBigUInt64LE(32)))
}
