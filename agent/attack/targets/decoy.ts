/**
 * BPF objects that hold the needle like an agent's would, for the run without protection: attempts on maps and programs need
 * something to find. They live until `close`, or with this process.
 */
import { closeSync } from 'node:fs'
import { addressOf } from '../../linux/syscall.ts'
import { bpf } from '../attempts/bpf-call.ts'

const MAP_CREATE = 0
const MAP_UPDATE_ELEM = 2
const PROG_LOAD = 5
const MAP_TYPE_HASH = 1
const PROG_TYPE_SOCKET_FILTER = 1

export interface Decoy {
  /** Idempotent. */
  close(): void
}

/** @throws SyscallError where bpf() is not allowed */
export function plantDecoys(needle: Buffer): Decoy {
  const open = [plantMap(needle), plantProgram()]
  return { close: () => open.splice(0).forEach((fd) => void closeSync(fd)) }
}

/** A plain hash map, one entry, which any CAP_BPF holder dumps in one loop. */
function plantMap(needle: Buffer): number {
  const { result: fd } = bpf(MAP_CREATE, (attr) => {
    attr.writeUInt32LE(MAP_TYPE_HASH, 0)
    attr.writeUInt32LE(4, 4) // key_size
    attr.writeUInt32LE(needle.length, 8) // value_size
    attr.writeUInt32LE(1, 12) // max_entries
  })
  const key = Buffer.alloc(4)
  bpf(MAP_UPDATE_ELEM, (attr) => {
    attr.writeUInt32LE(fd, 0)
    attr.writeBigUInt64LE(addressOf(key), 8)
    attr.writeBigUInt64LE(addressOf(needle), 16)
  })
  return fd
}

/** `r0 = 0; exit`, attached to nothing. */
function plantProgram(): number {
  const code = Buffer.from('b700000000000000' + '9500000000000000', 'hex')
  const licence = Buffer.from('GPL\0')
  return bpf(PROG_LOAD, (attr) => {
    attr.writeUInt32LE(PROG_TYPE_SOCKET_FILTER, 0)
    attr.writeUInt32LE(code.length / 8, 4)
    attr.writeBigUInt64LE(addressOf(code), 8)
    attr.writeBigUInt64LE(addressOf(licence), 16)
  }).result
}
