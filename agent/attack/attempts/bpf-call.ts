/** bpf(2) by hand (include/uapi/linux/bpf.h, union bpf_attr): an attacker needs no library for it. */
import { readFileSync } from 'node:fs'
import { addressOf, sys } from '../../linux/syscall.ts'
import { expand } from './perf.ts'

const MAP_LOOKUP_ELEM = 1
const MAP_GET_NEXT_KEY = 4
const OBJ_GET = 7
const PROG_GET_NEXT_ID = 11
const MAP_GET_NEXT_ID = 12
const PROG_GET_FD_BY_ID = 13
const MAP_GET_FD_BY_ID = 14
const OBJ_GET_INFO_BY_FD = 15
const ATTR_BYTES = 64

const NEXT_ID = { map: MAP_GET_NEXT_ID, program: PROG_GET_NEXT_ID } as const
const FD_BY_ID = { map: MAP_GET_FD_BY_ID, program: PROG_GET_FD_BY_ID } as const
export type Kind = keyof typeof NEXT_ID

/** @throws SyscallError named `bpf` */
export function bpf(command: number, fill: (attr: Buffer) => void): { result: number; attr: Buffer } {
  const attr = Buffer.alloc(ATTR_BYTES)
  fill(attr)
  return { result: sys('bpf', command, attr, attr.length), attr }
}

/** Every id there is. A refused call throws; the end of the list (ENOENT) ends it. */
export function* idsOf(kind: Kind): Generator<number> {
  for (let id = 0; ; ) {
    try {
      id = bpf(NEXT_ID[kind], (attr) => attr.writeUInt32LE(id, 0)).attr.readUInt32LE(4)
    } catch (error) {
      if ((error as { code?: string }).code === 'ENOENT') return
      throw error
    }
    yield id
  }
}

export function descriptorOf(kind: Kind, id: number): number {
  return bpf(FD_BY_ID[kind], (attr) => attr.writeUInt32LE(id, 0)).result
}

export function pinned(path: string): number {
  const name = Buffer.from(`${path}\0`)
  return bpf(OBJ_GET, (attr) => attr.writeBigUInt64LE(addressOf(name), 0)).result
}

/** Keys beyond this many are not tried: a guess at patience, far above the maps that hold secrets. */
const MAX_KEYS = 10_000

/** The values of a map, one after the other; kinds of map without iteration have none. */
export function* valuesOf(fd: number): Generator<Buffer> {
  const { keySize, valueBytes } = shapeOf(fd)
  const key = Buffer.alloc(Math.max(keySize, 1))
  const value = Buffer.alloc(valueBytes)
  let previous: Buffer | null = null
  for (let n = 0; n < MAX_KEYS; n++) {
    if (!call(MAP_GET_NEXT_KEY, fd, previous, key)) return
    previous = Buffer.from(key)
    if (call(MAP_LOOKUP_ELEM, fd, key, value)) yield value
  }
}

/** map_fd 0, key 8, value or next_key 16. A failing call means that the map does not offer it. */
function call(command: number, fd: number, key: Buffer | null, out: Buffer): boolean {
  try {
    bpf(command, (attr) => {
      attr.writeUInt32LE(fd, 0)
      attr.writeBigUInt64LE(key ? addressOf(key) : 0n, 8)
      attr.writeBigUInt64LE(addressOf(out), 16)
    })
    return true
  } catch {
    return false
  }
}

/** struct bpf_map_info: key_size 8, value_size 12. A per-CPU map copies its value, rounded to 8, once per possible CPU. */
function shapeOf(fd: number): { keySize: number; valueBytes: number } {
  const info = Buffer.alloc(88)
  bpf(OBJ_GET_INFO_BY_FD, (attr) => {
    attr.writeUInt32LE(fd, 0)
    attr.writeUInt32LE(info.length, 4)
    attr.writeBigUInt64LE(addressOf(info), 8)
  })
  const cpus = expand(readFileSync('/sys/devices/system/cpu/possible', 'utf8').trim()).length
  return { keySize: info.readUInt32LE(8), valueBytes: Math.ceil(info.readUInt32LE(12) / 8) * 8 * cpus }
}
