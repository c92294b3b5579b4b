/** Places in the file of a program, by its ELF header and sections (System V gABI, 64 bits, little-endian). */
import { closeSync, openSync, readSync } from 'node:fs'

export interface ProgramPlaces {
  /** Its first instruction, which runs once. */
  readonly entry: number
  /** The start of its variables, where the C library's start file has a word that nothing uses (`data_start`). */
  readonly data: number
}

const [HEADER, SEGMENT, SECTION] = [64, 56, 64]

/** Offsets in the file. @throws Error where the file does not open, or is no program with these places */
export function placesOf(path: string): ProgramPlaces {
  const fd = openSync(path, 'r')
  try {
    const read = (at: number, length: number): Buffer => {
      const bytes = Buffer.alloc(length)
      return bytes.subarray(0, readSync(fd, bytes, 0, length, at))
    }
    const header = read(0, HEADER)
    return { entry: entryOf(header, read), data: dataOf(header, read) }
  } finally {
    closeSync(fd)
  }
}

type Read = (at: number, length: number) => Buffer
const word = (bytes: Buffer, at: number): number => Number(bytes.readBigUInt64LE(at))

/** e_entry is an address: it lies in one of the segments, by p_vaddr and p_filesz. */
function entryOf(header: Buffer, read: Read): number {
  const address = word(header, 24)
  for (let n = 0; n < header.readUInt16LE(56); n++) {
    const segment = read(word(header, 32) + n * SEGMENT, SEGMENT)
    const within = address - word(segment, 16)
    if (within >= 0 && within < word(segment, 32)) return word(segment, 8) + within
  }
  throw new Error('no segment has the entry')
}

function dataOf(header: Buffer, read: Read): number {
  const section = (n: number): Buffer => read(word(header, 40) + n * SECTION, SECTION)
  const names = word(section(header.readUInt16LE(62)), 24)
  for (let n = 1; n < header.readUInt16LE(60); n++) {
    const found = section(n)
    if (read(names + found.readUInt32LE(0), 6).toString('latin1') === '.data\0') return word(found, 24)
  }
  throw new Error('no section `.data`')
}
