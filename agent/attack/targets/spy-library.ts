/**
 * A shared library that writes the environment it finds to standard output when it is loaded, made here byte by byte: there
 * need be no compiler where the suite runs. (System V gABI, "Program Loading and Dynamic Linking".)
 */

/** DT_INIT is called with argc, argv and envp (glibc elf/dl-init.c): `for (; *envp; envp++) write(1, *envp, strlen(*envp))`. */
const CODE: Readonly<Record<string, string>> = {
  x64: '4989d0 498b30 4885f6 741f 31d2 803c1600 7405 48ffc2 ebf5 b801000000 bf01000000 0f05 4983c008 ebd9 c3',
  arm64:
    'e90302aa 210140f9 610100b4 020080d2 2a686238 6a000034 42040091 fdffff17 200080d2 080880d2 010000d4 29210091 f5ffff17 c0035fd6',
}
const MACHINE: Readonly<Record<string, number>> = { x64: 62, arm64: 183 }

const PT_LOAD = 1
const PT_DYNAMIC = 2
const PT_GNU_STACK = 0x6474e551
const [X, W, R] = [1, 2, 4] as const
const [DT_HASH, DT_STRTAB, DT_SYMTAB, DT_STRSZ, DT_SYMENT, DT_INIT] = [4, 5, 6, 10, 11, 12]

/** Where the parts are, in the file and from the address it is loaded to. One segment, which the loader may write. */
const AT = { headers: 0x40, code: 0x100, dynamic: 0x180, strings: 0x200, symbols: 0x208, hash: 0x220, end: 0x230 }
/** The largest page of either architecture. */
const ALIGNMENT = 0x10000

/** @throws RangeError on an architecture without code */
export function spyLibrary(arch: string = process.arch): Buffer {
  const code = CODE[arch]
  if (code === undefined) throw new RangeError(`no library for the architecture \`${arch}\``)
  const file = Buffer.alloc(AT.end)
  writeHeader(file, MACHINE[arch]!)
  writeSegment(file, 0, { type: PT_LOAD, flags: R | W | X, at: 0, size: AT.end })
  writeSegment(file, 1, { type: PT_DYNAMIC, flags: R | W, at: AT.dynamic, size: AT.strings - AT.dynamic })
  writeSegment(file, 2, { type: PT_GNU_STACK, flags: R | W, at: 0, size: 0 })
  Buffer.from(code.replaceAll(' ', ''), 'hex').copy(file, AT.code)
  const entries = [
    [DT_INIT, AT.code],
    [DT_STRTAB, AT.strings],
    [DT_STRSZ, 1],
    [DT_SYMTAB, AT.symbols],
    [DT_SYMENT, 24],
    [DT_HASH, AT.hash],
  ]
  entries.flat().forEach((word, i) => void file.writeBigUInt64LE(BigInt(word!), AT.dynamic + 8 * i))
  file.writeUInt32LE(1, AT.hash) // one bucket, which is empty,
  file.writeUInt32LE(1, AT.hash + 4) // and one symbol, the null symbol
  return file
}

/** Elf64_Ehdr: ELFCLASS64, little-endian, ET_DYN, three program headers. */
function writeHeader(file: Buffer, machine: number): void {
  Buffer.from('7f454c46020101', 'hex').copy(file)
  file.writeUInt16LE(3, 16)
  file.writeUInt16LE(machine, 18)
  file.writeUInt32LE(1, 20)
  file.writeBigUInt64LE(BigInt(AT.headers), 32)
  file.writeUInt16LE(64, 52)
  file.writeUInt16LE(56, 54)
  file.writeUInt16LE(3, 56)
}

interface Segment {
  readonly type: number
  readonly flags: number
  readonly at: number
  readonly size: number
}

/** Elf64_Phdr; addresses are offsets. */
function writeSegment(file: Buffer, index: number, { type, flags, at, size }: Segment): void {
  const header = AT.headers + 56 * index
  file.writeUInt32LE(type, header)
  file.writeUInt32LE(flags, header + 4)
  for (const [offset, value] of [
    [8, at],
    [16, at],
    [24, at],
    [32, size],
    [40, size],
    [48, type === PT_LOAD ? ALIGNMENT : 8],
  ] as const)
    file.writeBigUInt64LE(BigInt(value), header + offset)
}
