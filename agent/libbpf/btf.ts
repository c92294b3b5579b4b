/** Layouts of structures as an object's BTF has them (Documentation/bpf/btf.rst). */

import { copyOut } from './callbacks.ts'
import { BpfError } from './error.ts'
import * as ffi from './ffi.ts'

const BTF_KIND_STRUCT = 4
const BTF_KIND_FUNC = 12
const BTF_KIND_DATASEC = 15

export interface StructLayout {
  readonly size: number
  /** Offsets in bytes by member name. */
  readonly offsets: ReadonlyMap<string, number>
}

/** Layouts of the named structures. @throws BpfError when the file has no BTF, Error when a structure is missing */
export function readLayouts(path: string, names: readonly string[]): Map<string, StructLayout> {
  const btf = ffi.btfParseElf(path, null)
  if (!btf) throw new BpfError('btf__parse', ffi.errno(), `read the BTF of \`${path}\``)
  try {
    return new Map(names.map((name) => [name, layoutOf(btf, path, name)]))
  } finally {
    ffi.btfFree(btf)
  }
}

/** struct btf_type { name_off, info (vlen in the low 16 bits), size }, then vlen × { name_off, type, bit offset }. */
function layoutOf(btf: ffi.Pointer, path: string, name: string): StructLayout {
  const id = ffi.btfFindByKind(btf, name, BTF_KIND_STRUCT)
  const type = id > 0 ? ffi.btfTypeById(btf, id) : null
  if (!type) throw new Error(`\`${path}\` has no \`struct ${name}\`: it was built from another wire.h`)
  const header = copyOut(type, 12)
  const members = header.readUInt32LE(4) & 0xffff
  const bytes = copyOut(type, 12 + members * 12)
  const offsets = new Map<string, number>()
  for (let at = 12; at < bytes.length; at += 12) {
    offsets.set(ffi.btfNameByOffset(btf, bytes.readUInt32LE(at)), bytes.readUInt32LE(at + 8) / 8)
  }
  return { size: header.readUInt32LE(8), offsets }
}

/**
 * The subset of these functions that the running kernel has, to which programs can attach. @throws BpfError without
 * kernel BTF
 */
export function kernelFunctions(names: readonly string[]): Set<string> {
  const btf = ffi.btfLoadVmlinux()
  if (!btf) throw new BpfError('btf__load_vmlinux_btf', ffi.errno(), "read the kernel's BTF")
  try {
    return new Set(names.filter((name) => ffi.btfFindByKind(btf, name, BTF_KIND_FUNC) > 0))
  } finally {
    ffi.btfFree(btf)
  }
}

/**
 * Offset of a global in its section, from the object's BTF.
 * struct btf_var_secinfo { type, offset, size }; the variable's own struct btf_type begins with its name.
 */
export function globalOffset(path: string, section: string, name: string): number {
  const btf = ffi.btfParseElf(path, null)
  if (!btf) throw new BpfError('btf__parse', ffi.errno(), `read the BTF of \`${path}\``)
  try {
    const type = ffi.btfTypeById(btf, ffi.btfFindByKind(btf, section, BTF_KIND_DATASEC))
    const variables = type ? copyOut(type, 12).readUInt32LE(4) & 0xffff : 0
    const bytes = type ? copyOut(type, 12 + variables * 12) : Buffer.alloc(0)
    for (let at = 12; at < bytes.length; at += 12) {
      const variable = ffi.btfTypeById(btf, bytes.readUInt32LE(at))
      const nameOffset = variable ? copyOut(variable, 4).readUInt32LE(0) : 0
      if (ffi.btfNameByOffset(btf, nameOffset) === name) return bytes.readUInt32LE(at + 4)
    }
    throw new Error(`\`${path}\` has no global \`${name}\` in \`${section}\``)
  } finally {
    ffi.btfFree(btf)
  }
}
