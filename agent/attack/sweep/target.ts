/**
 * The process that is swept, protected or not: it has one variable, and puts tokens derived from it into its heap, into an open file
 * that has no name any more, into the name of a file it maps, and into the registers of its system calls. Started by the sweep only.
 */
import { openSync, unlinkSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { addressOf, blockInCall, callNumber, memoryAt, sys } from '../../linux/syscall.ts'
import { numberOf } from '../../linux/syscall-numbers.ts'
import { CANARY_VARIABLE } from '../targets/canary.ts'
import { repeated, tokensOf } from './needles.ts'
import { READY_NAME } from './ready.ts'

const PR_SET_NAME = 15
const PROT_READ_WRITE = 3
const MAP_SHARED = 1
const MAP_PRIVATE_ANONYMOUS = 0x22
const PAGE = 4096

const tokens = tokensOf(process.env[CANARY_VARIABLE] ?? '')
const word = Buffer.from(tokens.call).readBigUInt64LE()
const heap = fillHeap()
const opened = [openFile('sweep', 'r+'), mapNamed()]
stayOnOneProcessor()
blockForEver()
setInterval(spin, 20)
sys('prctl', PR_SET_NAME, READY_NAME, 0, 0, 0)

/** A page of its own, where V8 moves nothing. */
function fillHeap(): Buffer {
  const address = sys('mmap', 0, PAGE, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0)
  const memory = memoryAt(address, PAGE)
  memory.fill(tokens.heap)
  return memory
}

/** Open, with the content, and no longer in any folder. */
function openFile(name: string, flags: 'r+'): number {
  const path = join(tmpdir(), `${name}-${process.pid}`)
  const writer = openSync(path, 'wx', 0o600)
  writeSync(writer, repeated(tokens.file))
  const fd = openSync(path, flags)
  unlinkSync(path)
  return fd
}

/** `maps` and its kin print the name. */
function mapNamed(): number {
  const fd = openFile(tokens.name, 'r+')
  sys('mmap', 0, PAGE, PROT_READ_WRITE, MAP_SHARED, fd, 0)
  return fd
}

/** A day in the kernel with the token in the registers that the call does not use: `/proc/P/task/T/syscall` prints all six. */
function blockForEver(): void {
  const day = Buffer.alloc(16)
  day.writeBigUInt64LE(86_400n)
  blockInCall('clock_nanosleep', [1, 0, addressOf(day), 0, word, word])
  setInterval(() => day.length, 86_400_000)
}

/** On the first one, which a sampler of a whole processor watches. */
function stayOnOneProcessor(): void {
  sys('sched_setaffinity', 0, 8, Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]))
}

/** 5 of every 20 ms: perf samples only running tasks. */
function spin(): void {
  const number = numberOf('getppid')
  for (const end = Date.now() + 5; Date.now() < end; ) callNumber(number, [word, word, word, word, word, word])
  if (heap.length !== PAGE || opened.length === 0) throw new Error('the sweep has lost its filled places')
}
