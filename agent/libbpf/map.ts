/** One BPF map: typed by sizes alone; keys and values are the bytes agent/wire makes. */
import { closeSync } from 'node:fs'
import { BpfError } from './error.ts'
import * as ffi from './ffi.ts'

const ENOENT = 2
const E2BIG = 7

export type MapAccess = 'read' | 'write'

export class BpfMap {
  readonly name: string
  readonly fd: number
  readonly keySize: number
  readonly valueSize: number

  constructor(name: string, fd: number, keySize: number, valueSize: number) {
    this.name = name
    this.fd = fd
    this.keySize = keySize
    this.valueSize = valueSize
  }

  /** A map by its pin. @param access to write to ours takes an agent (guard_map). @throws BpfError */
  static pinned(name: string, path: string, access: MapAccess): BpfMap {
    const fd = access === 'read' ? ffi.openPinToRead(path) : ffi.openPin(path)
    if (fd < 0) throw new BpfError('bpf_obj_get', -fd, `open the pinned map \`${path}\``)
    const info = mapInfo(fd, name)
    return new BpfMap(name, fd, info.readUInt32LE(8), info.readUInt32LE(12))
  }

  /** Only for maps that were opened by pin: those of an object close with it. */
  close(): void {
    closeSync(this.fd)
  }

  /** @throws Error naming the limit when the map is full, BpfError otherwise */
  set(key: Buffer, value: Buffer): void {
    this.#check(key, value)
    this.#update(key, value)
  }

  /** The value's bytes, or undefined when the key is absent. */
  get(key: Buffer): Buffer | undefined {
    const value = Buffer.alloc(this.valueSize)
    this.#check(key, value)
    if (ffi.mapLookup(this.fd, key, value) === 0) return value
    if (ffi.errno() === ENOENT) return undefined
    throw this.#error('bpf_map_lookup_elem', 'read')
  }

  /** One value for each possible CPU, one after the other. */
  getPerCpu(key: Buffer): Buffer | undefined {
    const values = Buffer.alloc(this.valueSize * ffi.possibleCpus())
    if (ffi.mapLookup(this.fd, key, values) === 0) return values
    if (ffi.errno() === ENOENT) return undefined
    throw this.#error('bpf_map_lookup_elem', 'read')
  }

  /** @throws as `set` */
  setPerCpu(key: Buffer, values: Buffer): void {
    this.#update(key, values)
  }

  /** Absent keys are no error: the state asked for is the state there is. */
  delete(key: Buffer): void {
    if (ffi.mapDelete(this.fd, key) < 0 && ffi.errno() !== ENOENT)
      throw this.#error('bpf_map_delete_elem', 'delete from')
  }

  /** All keys, in one walk; keys added or removed meanwhile may be missed or seen twice (kernel/bpf/hashtab.c). */
  keys(): Buffer[] {
    const keys: Buffer[] = []
    let previous: Buffer | null = null
    for (;;) {
      const next: Buffer = Buffer.alloc(this.keySize)
      if (ffi.mapNextKey(this.fd, previous, next) < 0) return keys
      keys.push(next)
      previous = next
    }
  }

  /** From now on kernel programs alone write to it: no descriptor does, this one neither. @throws BpfError */
  freeze(): void {
    const status = ffi.freezeMap(this.fd)
    if (status < 0) throw new BpfError('bpf_map_freeze', -status, `close map \`${this.name}\` to writers`)
  }

  /** Id of the map in the kernel. */
  id(): number {
    return mapInfo(this.fd, this.name).readUInt32LE(4)
  }

  /** max_entries, the fifth word of struct bpf_map_info. */
  #capacity(): number {
    return mapInfo(this.fd, this.name).readUInt32LE(16)
  }

  #update(key: Buffer, value: Buffer): void {
    if (ffi.mapUpdate(this.fd, key, value, 0) === 0) return
    if (ffi.errno() !== E2BIG) throw this.#error('bpf_map_update_elem', 'write')
    throw new Error(`map \`${this.name}\` is full: this node's limit is ${this.#capacity()} entries`)
  }

  #check(key: Buffer, value: Buffer): void {
    if (key.length === this.keySize && value.length % this.valueSize === 0) return
    throw new Error(
      `map \`${this.name}\` takes ${this.keySize}+${this.valueSize} bytes, got ${key.length}+${value.length}`,
    )
  }

  #error(call: string, verb: string): BpfError {
    return new BpfError(call, ffi.errno(), `${verb} map \`${this.name}\``)
  }
}

/** struct bpf_map_info (include/uapi/linux/bpf.h): type, id, key_size, value_size, ... */
function mapInfo(fd: number, name: string): Buffer {
  const info = Buffer.alloc(128)
  if (ffi.objectInfo(fd, info, [info.length]) < 0) {
    throw new BpfError('bpf_obj_get_info_by_fd', ffi.errno(), `ask about map \`${name}\``)
  }
  return info
}
