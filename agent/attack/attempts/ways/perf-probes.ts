/**
 * Row 3: perf events that only count, and yet read or write the target's memory (bpf/lib/perf_sample.h). No sample is taken, and a
 * process with CAP_PERFMON never meets the ptrace check.
 */
import { readFileSync } from 'node:fs'
import { type Counter, openCounter, openUprobe, TRACEPOINT } from '../../../linux/perf-counter.ts'
import { addressOf, iovec, sleep, sys } from '../../../linux/syscall.ts'
import { type Attempt, empty, Impossible, leaked, type Outcome, prepare, type Target } from '../../attempt.ts'
import { placesOf } from '../../runner/program-places.ts'

const row3 = { row: 3, switch: 'blockPtrace', proof: 'refusal', takesFullRoot: true } as const

export const perfProbeAttempts: readonly Attempt[] = [
  { ...row3, id: 'perf-uprobe', title: 'a uprobe that adds one to a variable of the target', run: countUp },
  {
    ...row3,
    id: 'perf-tracepoint-filter',
    mayBeAbsent: true, // filters on the user's strings came with 5.17
    title: 'counters of system calls that begin with a guessed text',
    run: guessText,
  },
]

/** The word is looked at with and without the event, since another's would prove nothing. */
function countUp({ pid }: Target): Outcome {
  const file = `/proc/${pid}/exe`
  const { entry, data } = prepare('the program of the target', () => placesOf(file))
  const event = openUprobe(file, entry, data, pid)
  try {
    const during = wordAt(pid, data)
    event.close()
    const after = wordAt(pid, data)
    return during === after + 1
      ? leaked('wrote to a variable')
      : empty(`the word is ${during}, and ${after} without it`)
  } finally {
    close([event])
  }
}

/** @param offset of the program's file, where its variables begin */
function wordAt(pid: number, offset: number): number {
  const bytes = Buffer.alloc(2)
  const lines = readFileSync(`/proc/${pid}/maps`, 'latin1').matchAll(/^([0-9a-f]+)-([0-9a-f]+) rw-p ([0-9a-f]+) .*$/gm)
  for (const [, from, to, mapped] of lines) {
    const [start, end, first] = [from, to, mapped].map((hex) => Number.parseInt(hex!, 16)) as [number, number, number]
    if (first === 0 || offset < first || offset >= first + end - start) continue
    const address = BigInt(start + offset - first)
    sys('process_vm_readv', pid, iovec(addressOf(bytes), bytes.length), 1, iovec(address, bytes.length), 1, 0)
    return bytes.readUInt16LE()
  }
  throw new Error('the variables are not mapped')
}

/** The canary goes to a folder of its value's name, which is not there, fifty times a second. */
const PATIENT_MS = 40_000
const DIGITS = [...'0123456789abcdef']
/** What every needle begins with (newNeedle). */
const BEGINNING = 'canary-'

/** One counter for each digit that may come next: the one that counts tells it. */
function guessText({ pid, needle, tracepoint }: Target): Outcome {
  if (tracepoint === undefined) throw new Impossible('no tracepoint of chdir(2) here')
  const digit = needle.toString('latin1')[BEGINNING.length]
  const counters: Counter[] = []
  try {
    for (const next of DIGITS) {
      const counter = openCounter({ type: TRACEPOINT, config: BigInt(tracepoint) }, pid)
      counters.push(counter)
      prepare('a filter on user strings', () => counter.filter(`filename.ustring ~ "${BEGINNING}${next}*"`))
    }
    for (const counter of counters) counter.start()
    const counted = () => DIGITS.filter((_, n) => counters[n]!.count() > 0n).join('')
    for (const deadline = Date.now() + PATIENT_MS; counted() === '' && Date.now() < deadline; ) sleep(20)
    return counted() === digit ? leaked('the first digit of the value') : empty(`counters of \`${counted()}\` count`)
  } finally {
    close(counters)
  }
}

function close(counters: readonly Counter[]): void {
  for (const counter of counters) counter.close()
}
