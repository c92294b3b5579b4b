/** Every system call of the running kernel, known here or not, with the target named in every way and pages to write to. */
import { readlinkSync } from 'node:fs'
import { type CallName, numberOf } from '../../../linux/syscall-numbers.ts'
import type { Family } from '../family.ts'
import { newPage, PAGE, type Room } from '../room.ts'
import { reasonNotToCall } from './not-called.ts'
import { shapes } from './shapes.ts'

/** Above the newest call by some dozens, so that a kernel that has more is swept as well. */
const NUMBERS = 512
const ENOSYS = 38
const O_NONBLOCK = 0o4000
/** A call that blocks is interrupted by the sweep's timer; with so many the rest of its shapes would teach nothing more. */
const MOST_BLOCKED = 4
const BLOCKED_MS = 40

export const systemCalls: Family = {
  name: 'system calls',
  share: 3,
  steps: (room) => {
    const bench = newBench(room)
    const numbers = Array.from({ length: NUMBERS }, (_, i) => i).filter(
      (number) => reasonNotToCall(number) === undefined,
    )
    return numbers.map((number) => ({ label: `call ${nameOf(number)}`, run: () => bench.try(number) }))
  },
}

function newBench(room: Room): { try(number: number): void } {
  const { pid } = room.request
  const pages = { out: newPage(), more: newPage(), into: newPage(), from: newPage() }
  const zero = Buffer.alloc(PAGE)
  const refill = () => {
    for (const { bytes } of [pages.out, pages.more]) if (!bytes.equals(zero)) bytes.fill(0)
    vector(pages.into.bytes, BigInt(pages.out.address))
    vector(pages.from.bytes, room.remote)
  }
  const read = (fd: number) => {
    const length = room.call(numberOf('pread64'), fd, pages.out.address, PAGE, 0)
    return pages.out.bytes.subarray(0, Math.max(length, 0))
  }
  const judge = (number: number, result: number, how: string) => {
    const way = `call ${nameOf(number)}`
    for (const { bytes } of [pages.out, pages.more]) if (!bytes.equals(zero)) room.look(bytes, way, how)
    if (!room.isNew(result)) return
    room.look(read(result), way, `${how}: a descriptor to read from`)
    room.look(Buffer.from(linkOf(result)), way, `${how}: a descriptor with a name`)
    room.close(result)
  }
  const attempt = (number: number) => {
    let blocked = 0
    const pidfd = room.call(numberOf('pidfd_open'), pid, O_NONBLOCK)
    for (const { words, how } of shapes({ pid, pidfd, own: process.pid, remote: room.remote, pages })) {
      refill()
      const began = Date.now()
      const result = room.call(number, ...words)
      if (result === -ENOSYS) return
      judge(number, result, how)
      if (Date.now() - began >= BLOCKED_MS && ++blocked >= MOST_BLOCKED) return
    }
  }
  return { try: attempt }
}

/** An iovec of one element; where a call wants a list of addresses it finds one too. */
function vector(bytes: Buffer, base: bigint): void {
  bytes.writeBigUInt64LE(base, 0)
  bytes.writeBigUInt64LE(BigInt(PAGE), 8)
}

function linkOf(fd: number): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`)
  } catch {
    return ''
  }
}

/** Names for the calls that a reader will look for; the rest keep their numbers. */
const KNOWN = ['process_vm_readv', 'pidfd_getfd', 'kcmp', 'getppid'] satisfies CallName[]

function nameOf(number: number): string {
  return KNOWN.find((name) => numberOf(name) === number) ?? String(number)
}
