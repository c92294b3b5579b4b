/** A BPF object file: opened, reduced to the programs that are wanted, loaded, attached, closed. */
import { join } from 'node:path'
import { globalOffset } from './btf.ts'
import { capturePrint } from './callbacks.ts'
import { BpfError } from './error.ts'
import * as ffi from './ffi.ts'
import { BpfMap } from './map.ts'

export interface BpfObject {
  readonly map: (name: string) => BpfMap
  readonly mapNames: () => string[]
  /** Its constants, as they were set. */
  readonly constants: () => BpfMap
  readonly programFd: (name: string) => number
  /** Kernel ids of all loaded programs. */
  readonly programIds: () => number[]
  /** Attaches every loaded program that has something to attach to. @throws BpfError naming the first that cannot */
  readonly attach: () => string[]
  /** Pins the links that `attach` made, each under its program's name. */
  readonly pinLinks: (directory: string) => void
  /** Lets go: programs that are not pinned are detached and unloaded. Safe to call twice. */
  readonly close: () => void
}

type Constants = Readonly<Record<string, number | readonly number[]>>

export interface LoadOptions {
  /** Asked for each program, by name and section; a declined program is not loaded. */
  readonly wanted: (name: string, section: string) => boolean
  /** `const volatile __u32` globals to set, or arrays of them; the verifier drops the branches they rule out. */
  readonly constants: Constants
}

export function loadObject(path: string, { wanted, constants }: LoadOptions): BpfObject {
  const log = captureLog()
  const object = ffi.objectOpenFile(path, null)
  if (!object) throw new BpfError('bpf_object__open_file', ffi.errno(), `open \`${path}\``, log.text())
  const programs = [...each(object, ffi.objectNextProgram)]
  for (const program of programs) {
    ffi.programSetAutoload(program, wanted(ffi.programName(program), ffi.programSection(program)))
  }
  setConstants(path, object, constants)
  const status = ffi.objectLoad(object)
  if (status < 0) {
    ffi.objectClose(object)
    throw new BpfError('bpf_object__load', -status, `load \`${path}\` into the kernel`, log.text())
  }
  return attachable(
    object,
    programs.filter((p) => ffi.programFd(p) >= 0),
    log,
  )
}

function setConstants(path: string, object: ffi.Pointer, constants: Constants): void {
  const rodata = [...each(object, ffi.objectNextMap)].find((map) => ffi.mapName(map).endsWith('.rodata'))
  for (const [name, value] of Object.entries(constants)) {
    if (!rodata) throw new Error(`\`${path}\` has no constants`)
    const at = globalOffset(path, '.rodata', name)
    for (const [i, word] of [value].flat().entries()) ffi.setConstant(rodata, at + i * 4, word)
  }
}

function attachable(object: ffi.Pointer, programs: ffi.Pointer[], log: Log): BpfObject {
  const maps = mapsOf(object)
  const links = new Map<string, ffi.Pointer>()
  let open = true
  const attach = (): string[] => programs.flatMap((program) => attachOne(program, links, log))
  const pinLinks = (directory: string): void => {
    for (const [name, link] of links) pinTo(ffi.linkFd(link), join(directory, name))
  }
  const close = (): void => {
    if (!open) return
    open = false
    for (const link of links.values()) ffi.linkDestroy(link)
    ffi.objectClose(object)
  }
  const programFd = (name: string): number => {
    const program = programs.find((p) => ffi.programName(p) === name)
    if (!program) throw new Error(`the object has no loaded program \`${name}\``)
    return ffi.programFd(program)
  }
  const programIds = (): number[] => programs.map((program) => idOf(ffi.programFd(program)))
  const constants = (): BpfMap => required(maps, [...maps.keys()].find((name) => name.endsWith('.rodata')) ?? '.rodata')
  const mapNames = (): string[] => [...maps.keys()]
  return { map: (name) => required(maps, name), mapNames, constants, programFd, programIds, attach, pinLinks, close }
}

/** The second word of `struct bpf_prog_info`, as of all its relatives (include/uapi/linux/bpf.h): type, id. */
function idOf(fd: number): number {
  const info = Buffer.alloc(256)
  if (ffi.objectInfo(fd, info, [info.length]) < 0) {
    throw new BpfError('bpf_obj_get_info_by_fd', ffi.errno(), 'ask for the id of a program')
  }
  return info.readUInt32LE(4)
}

/** Bare `raw_tp` sections name no tracepoint: such programs are run by descriptor, never attached. */
function attachOne(program: ffi.Pointer, links: Map<string, ffi.Pointer>, log: Log): string[] {
  if (ffi.programSection(program) === 'raw_tp') return []
  const name = ffi.programName(program)
  const link = ffi.programAttach(program)
  if (!link) throw new BpfError('bpf_program__attach', ffi.errno(), `attach program \`${name}\``, log.text())
  links.set(name, link)
  return [name]
}

/** @throws BpfError EEXIST when the name is taken */
export function pinTo(fd: number, path: string): void {
  const status = ffi.pin(fd, path)
  if (status < 0) throw new BpfError('bpf_obj_pin', -status, `pin \`${path}\``)
}

function mapsOf(object: ffi.Pointer): Map<string, BpfMap> {
  const maps = new Map<string, BpfMap>()
  for (const map of each(object, ffi.objectNextMap)) {
    const name = ffi.mapName(map)
    maps.set(name, new BpfMap(name, ffi.mapFd(map), ffi.mapKeySize(map), ffi.mapValueSize(map)))
  }
  return maps
}

function required(maps: Map<string, BpfMap>, name: string): BpfMap {
  const map = maps.get(name)
  if (!map) throw new Error(`the object has no map \`${name}\``)
  return map
}

function* each(object: ffi.Pointer, next: (object: ffi.Pointer, previous: ffi.Pointer | null) => ffi.Pointer | null) {
  for (let item = next(object, null); item; item = next(object, item)) yield item
}

interface Log {
  readonly text: () => string
}

/** libbpf's warnings, the verifier's among them, kept for the error and out of stderr. */
function captureLog(): Log {
  const lines: string[] = []
  capturePrint((level, line) => {
    if (level === 0) lines.push(line)
    if (lines.length > 100) lines.shift()
  })
  return { text: () => lines.join('\n').slice(-8192) }
}
