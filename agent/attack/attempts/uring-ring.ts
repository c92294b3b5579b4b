/** One io_uring, one request at a time (include/uapi/linux/io_uring.h). Lives until `close`, or with the process. */
import { closeSync } from 'node:fs'
import { addressOf, memoryAt, SyscallError, sys } from '../../linux/syscall.ts'

export const OP_OPENAT = 18
export const OP_READ = 22

const PROT_READ_WRITE = 3
const MAP_SHARED_POPULATE = 0x8001
const OFF_SQ_RING = 0
const OFF_CQ_RING = 0x8000000
const OFF_SQES = 0x10000000
const ENTER_GETEVENTS = 1
const ENTRIES = 2

interface Request {
  readonly op: number
  readonly fd: number
  /** Path for OP_OPENAT, destination for OP_READ. */
  readonly memory: Buffer
  readonly length: number
  readonly offset: bigint
}

export interface Ring {
  /** @throws SyscallError with the request's own errno, named `io_uring` */
  run(request: Request): number
  close(): void
}

interface Queue {
  readonly memory: Buffer
  readonly tail: number
  readonly mask: number
}

/** @throws SyscallError where io_uring is absent (ENOSYS) or disabled by sysctl kernel.io_uring_disabled (EPERM) */
export function openRing(): Ring {
  const params = Buffer.alloc(120)
  const fd = sys('io_uring_setup', ENTRIES, params)
  const field = (offset: number) => params.readUInt32LE(offset)
  // sq_off at 40: head, tail, ring_mask, ring_entries, flags, dropped, array; cq_off at 80: the same up to overflow, cqes
  const array = field(64)
  const cqes = field(100)
  const sq = { memory: map(fd, array + 4 * field(0), OFF_SQ_RING), tail: field(44), mask: field(48) }
  const cq = {
    memory: map(fd, cqes + 16 * field(4), OFF_CQ_RING),
    tail: field(84),
    mask: field(88),
    head: field(80),
    cqes,
  }
  const sqes = map(fd, 64 * field(0), OFF_SQES)
  const run = (request: Request) => {
    submit(sq, sqes, array, request)
    sys('io_uring_enter', fd, 1, 1, ENTER_GETEVENTS, null, 0)
    return complete(cq)
  }
  return { run, close: () => closeSync(fd) }
}

function map(fd: number, length: number, offset: number): Buffer {
  return memoryAt(sys('mmap', 0, length, PROT_READ_WRITE, MAP_SHARED_POPULATE, fd, offset), length)
}

/** Offsets of struct io_uring_sqe: opcode 0, fd 4, off 8, addr 16, len 24. The enter call orders the stores. */
function submit(sq: Queue, sqes: Buffer, array: number, { op, fd, memory, length, offset }: Request): void {
  const tail = sq.memory.readUInt32LE(sq.tail)
  const index = tail & sq.memory.readUInt32LE(sq.mask)
  const entry = sqes.subarray(64 * index, 64 * (index + 1)).fill(0)
  entry.writeUInt8(op, 0)
  entry.writeInt32LE(fd, 4)
  entry.writeBigUInt64LE(offset, 8)
  entry.writeBigUInt64LE(addressOf(memory), 16)
  entry.writeUInt32LE(length, 24)
  sq.memory.writeUInt32LE(index, array + 4 * index)
  sq.memory.writeUInt32LE((tail + 1) >>> 0, sq.tail)
}

/** struct io_uring_cqe: user_data 0, res 8, flags 12. */
function complete({ memory, mask, head, cqes }: Queue & { head: number; cqes: number }): number {
  const at = memory.readUInt32LE(head)
  const result = memory.readInt32LE(cqes + 16 * (at & memory.readUInt32LE(mask)) + 8)
  memory.writeUInt32LE((at + 1) >>> 0, head)
  if (result < 0) throw new SyscallError('io_uring', -result)
  return result
}
