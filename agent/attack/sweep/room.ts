/** Where an attacker works: pages to be written to, the calls, and the look at their results. */
import { readdirSync } from 'node:fs'
import { callNumber, memoryAt, sys } from '../../linux/syscall.ts'
import { numberOf } from '../../linux/syscall-numbers.ts'
import { type Finder, finderOf, type Place } from './needles.ts'
import type { Message, SweepRequest } from './request.ts'

export const PAGE = 4096
const PROT_READ_WRITE = 3
const MAP_PRIVATE_ANONYMOUS = 0x22
const F_GETFD = 1
const AT_FDCWD = -100
const O_NONBLOCK = 0o4000

export type Word = number | bigint

/** A page of this process with an address that stays. */
export interface Page {
  readonly address: number
  readonly bytes: Buffer
}

export interface Room {
  readonly request: SweepRequest
  /** Address of the page of the target that has its environment. */
  readonly remote: bigint
  readonly find: Finder
  /** Calls made so far. */
  readonly calls: () => number
  /** @returns the result, or minus the errno */
  call(number: number, ...words: Word[]): number
  /** openat(2), never blocking. @returns the descriptor, or minus the errno */
  open(path: string, flags: number): number
  close(fd: number): void
  /** Reports a place that is shown, once a way. */
  found(way: string, how: string, place: Place | 'protection'): void
  /** No finding by itself, but good to know: a file that this attacker may open for writing. */
  opened(file: string): void
  /** Looks at bytes and reports. @returns whether they show anything */
  look(bytes: Buffer, way: string, how: string): boolean
  /** Keeps the descriptors that are open now until `clear`: a family opens those of its steps before the first. */
  keep(): void
  /** Closes that too: the next family takes the target's PID for a descriptor, which none of ours may be. */
  clear(): void
  /** A descriptor that was not there before? */
  isNew(fd: number): boolean
  /** Closes the files that steps have left open. */
  tidy(): void
}

export function newRoom(request: SweepRequest, report: (message: Message) => void): Room {
  let count = 0
  const name = newPage()
  const reported = new Set<string>()
  const find = finderOf(request.tokens)
  const [openat, closeRange, fcntl] = [numberOf('openat'), numberOf('close_range'), numberOf('fcntl')]
  const isOpen = (fd: number) => callNumber(fcntl, [fd, F_GETFD]) >= 0
  /** In order. The listing has its own descriptor too, which is closed by then. */
  const openNow = () => {
    const listed = readdirSync('/proc/self/fd').map(Number)
    return listed.filter(isOpen).toSorted((a, b) => a - b)
  }
  const first = openNow()
  let kept = first
  const tidy = () => gapsOf(kept).forEach(([from, to]) => void callNumber(closeRange, [from, to, 0]))
  const call = (number: number, ...words: Word[]) => {
    count++
    return callNumber(number, words)
  }
  const found: Room['found'] = (way, how, place) => {
    if (reported.has(`${way} ${place}`)) return
    reported.add(`${way} ${place}`)
    report({ finding: { way, how, place } })
  }
  const opened = new Set<string>()
  return {
    request,
    remote: BigInt(request.page),
    find,
    calls: () => count,
    call,
    open: (path, flags) => {
      name.bytes.write(`${path}\0`)
      return call(openat, AT_FDCWD, name.address, flags | O_NONBLOCK, 0)
    },
    close: (fd) => void callNumber(closeRange, [fd, fd, 0]),
    found,
    opened: (file) => {
      if (opened.has(file)) return
      opened.add(file)
      report({ opened: file })
    },
    look: (bytes, way, how) => {
      const place = find(bytes)
      if (place !== undefined) found(way, how, place)
      return place !== undefined
    },
    keep: () => {
      kept = openNow()
    },
    clear: () => {
      kept = first
      tidy()
    },
    isNew: (fd) => fd >= 0 && fd < 1 << 20 && !kept.includes(fd) && isOpen(fd),
    tidy,
  }
}

const LAST_DESCRIPTOR = 0xffffffff

/** The ranges between and behind the numbers, which are in order. */
export function gapsOf(kept: readonly number[]): [first: number, last: number][] {
  const starts = [0, ...kept.map((fd) => fd + 1)]
  const ends = [...kept.map((fd) => fd - 1), LAST_DESCRIPTOR]
  return starts.map((first, i): [number, number] => [first, ends[i]!]).filter(([first, last]) => first <= last)
}

/** Filled with zeros. */
export function newPage(): Page {
  const address = sys('mmap', 0, PAGE, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0)
  return { address, bytes: memoryAt(address, PAGE) }
}
