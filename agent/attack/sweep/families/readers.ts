/** Every system call that takes bytes out of a descriptor. Each is a way of its own: protection may hang on one and miss another. */

import { sys } from '../../../linux/syscall.ts'
import { type CallName, numberOf } from '../../../linux/syscall-numbers.ts'
import { newPage, PAGE, type Room, type Word } from '../room.ts'

const O_NONBLOCK = 0o4000
const PROT_READ = 1
const MAP_PRIVATE = 2
const SPLICE_F_NONBLOCK = 2
/** `read` goes on from where it was: `smaps` of a runtime is some 300 KiB, of which procfs gives a page a call. */
const LONGEST = 96

export interface Readers {
  /** Tries all of them at the start of the file and at the target's page. @param way the file's own; @param pages to read on */
  readAll(fd: number, way: string, pages?: number): void
  /** One call at each of both places: for a file that another mode of opening has been through already. */
  glance(fd: number, way: string): void
}

export function newReaders(room: Room): Readers {
  const page = newPage()
  const vector = newPage()
  const offset = newPage()
  vector.bytes.writeBigUInt64LE(BigInt(page.address), 0)
  vector.bytes.writeBigUInt64LE(BigInt(PAGE), 8)
  const pipe = Buffer.alloc(8)
  sys('pipe2', pipe, O_NONBLOCK)
  const [out, into] = [pipe.readInt32LE(0), pipe.readInt32LE(4)]
  const memory = sys('memfd_create', 'sweep', 0)
  const call = (name: CallName, ...words: Word[]) => room.call(numberOf(name), ...words)
  const show = (length: number, way: string, how: CallName, where: string) => {
    if (length <= 0 || !room.look(page.bytes.subarray(0, length), way, `${how} ${where}`)) return false
    room.look(page.bytes.subarray(0, length), `call ${how}`, `${way} ${where}`)
    return true
  }
  const fromPipe = (moved: number) => (moved > 0 ? call('read', out, page.address, PAGE) : 0)

  /**
   * Through a pipe: a page beyond the end of its file would be a SIGBUS to the process that touches it, and is an
   * EFAULT to write(2).
   */
  const mapped = (fd: number, at: Word) => {
    const address = call('mmap', 0, PAGE, PROT_READ, MAP_PRIVATE, fd, at)
    if (address < 0) return 0
    const moved = call('writev', into, vectorAt(address), 1)
    call('munmap', address, PAGE)
    return fromPipe(moved)
  }
  const vectorAt = (address: number) => {
    vector.bytes.writeBigUInt64LE(BigInt(address), 16)
    vector.bytes.writeBigUInt64LE(BigInt(PAGE), 24)
    return vector.address + 16
  }
  const offsetAt = (at: Word) => {
    offset.bytes.writeBigUInt64LE(BigInt(at))
    return offset.address
  }
  const copied = (fd: number, at: Word) => {
    sys('ftruncate', memory, 0)
    const moved = call('copy_file_range', fd, offsetAt(at), memory, offset.address + 8, PAGE, 0)
    offset.bytes.fill(0)
    return moved > 0 ? call('pread64', memory, page.address, PAGE, 0) : 0
  }
  const positioned: readonly [CallName, (fd: number, at: Word) => number][] = [
    ['pread64', (fd, at) => call('pread64', fd, page.address, PAGE, at)],
    ['preadv', (fd, at) => call('preadv', fd, vector.address, 1, at, 0)],
    ['preadv2', (fd, at) => call('preadv2', fd, vector.address, 1, at, 0, 0)],
    ['mmap', mapped],
    ['sendfile', (fd, at) => fromPipe(call('sendfile', into, fd, offsetAt(at), PAGE))],
    ['splice', (fd, at) => fromPipe(call('splice', fd, offsetAt(at), into, 0, PAGE, SPLICE_F_NONBLOCK))],
    ['copy_file_range', copied],
  ]
  const glance = (fd: number, way: string) => {
    for (const at of [0, room.remote]) {
      show(call('pread64', fd, page.address, PAGE, at), way, 'pread64', at === 0 ? 'at 0' : 'at the environment')
    }
  }
  return {
    glance,
    readAll: (fd, way, longest = LONGEST) => {
      for (const [name, run] of positioned) {
        for (const at of [0, room.remote]) show(run(fd, at), way, name, at === 0 ? 'at 0' : 'at the environment')
      }
      show(call('readv', fd, vector.address, 1), way, 'readv', 'at 0')
      for (let i = 0; i < longest; i++) {
        const length = call('read', fd, page.address, PAGE)
        if (length <= 0 || show(length, way, 'read', 'onwards')) return
      }
    },
  }
}
