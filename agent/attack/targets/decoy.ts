/**
 * BPF objects that hold the needle like an agent's would, for the run without protection: attempts on maps and programs need
 * something to find. They live until `close`, or with this process.
 */
import { closeSync, mkdirSync, rmSync } from 'node:fs'
import { addressOf } from '../../linux/syscall.ts'
import { bpf } from '../attempts/bpf-call.ts'
import { DECOYS } from '../attempts/ways/pin-names.ts'

const MAP_CREATE = 0
const MAP_UPDATE_ELEM = 2
const PROG_LOAD = 5
const OBJ_PIN = 6
const MAP_TYPE_HASH = 1
const PROG_TYPE_SOCKET_FILTER = 1
const PROG_TYPE_RAW_TRACEPOINT = 17
/** Each attempt on a pin takes one away: so many attempts by so many attackers, and some. */
const LINKS = 40

export interface Decoy {
  /** Idempotent. */
  close(): void
}

/** @throws SyscallError where bpf() is not allowed */
export function plantDecoys(needle: Buffer): Decoy {
  const open = [plantMap(needle), plantProgram(PROG_TYPE_SOCKET_FILTER), plantProgram(PROG_TYPE_RAW_TRACEPOINT)]
  const close = () => {
    open.splice(0).forEach((fd) => void closeSync(fd))
    rmSync(DECOYS, { recursive: true, force: true })
  }
  try {
    plantPins(open[0]!, open[2]!)
  } catch (error) {
    close()
    throw error
  }
  return { close }
}

/** Named and placed as an agent's. */
function plantPins(map: number, program: number): void {
  rmSync(DECOYS, { recursive: true, force: true }) // of a run that was killed
  mkdirSync(`${DECOYS}/links`, { recursive: true })
  mkdirSync(`${DECOYS}/programs`, { recursive: true })
  for (let n = 0; n < LINKS; n++) pin(map, `${DECOYS}/links/decoy_${n}`)
  pin(program, `${DECOYS}/programs/agent_enroll`)
}

function pin(fd: number, path: string): void {
  const name = Buffer.from(`${path}\0`)
  bpf(OBJ_PIN, (attr) => {
    attr.writeBigUInt64LE(addressOf(name), 0)
    attr.writeUInt32LE(fd, 8)
  })
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
function plantProgram(type: number): number {
  const code = Buffer.from('b700000000000000' + '9500000000000000', 'hex')
  const licence = Buffer.from('GPL\0')
  return bpf(PROG_LOAD, (attr) => {
    attr.writeUInt32LE(type, 0)
    attr.writeUInt32LE(code.length / 8, 4)
    attr.writeBigUInt64LE(addressOf(code), 8)
    attr.writeBigUInt64LE(addressOf(licence), 16)
  }).result
}
