/** Row 2: the memory file (fs/proc/base.c, mem_open → proc_mem_open → mm_access). */
import { closeSync, openSync, readdirSync, readSync } from 'node:fs'
import { type Attempt, empty, type Outcome, type Region, search, type Target } from '../attempt.ts'
import { regionsOf } from '../runner/locate.ts'

const row2 = { row: 2, switch: 'blockMem', proof: 'refusal' } as const

export const memoryAttempts: readonly Attempt[] = [
  { ...row2, id: 'mem-pid', title: 'read the stack in /proc/P/mem', run: (t) => readMemory(`/proc/${t.pid}/mem`, t) },
  {
    ...row2,
    id: 'mem-task',
    title: 'read the stack in /proc/P/task/T/mem',
    run: (t) => readMemory(`/proc/${t.pid}/task/${lastThread(t)}/mem`, t),
  },
]

function readMemory(path: string, target: Target): Outcome {
  const fd = openSync(path, 'r')
  try {
    return scan(target, (region) => readRegion(fd, region))
  } finally {
    closeSync(fd)
  }
}

/** Searches region after region; the last outcome stands if none leaks. */
export function scan(target: Target, read: (region: Region) => Buffer): Outcome {
  let last = empty('no address of the stack to be had')
  for (const region of regionsOf(target)) {
    last = search(read(region), target.needle, 'the stack')
    if (last.kind === 'leaked') return last
  }
  return last
}

export function readRegion(fd: number, { start, end }: Region): Buffer {
  const bytes = Buffer.alloc(Number(end - start))
  return bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, start))
}

/** The thread farthest from the leader; the leader's path is an attempt of its own. */
function lastThread({ pid }: Target): string {
  return readdirSync(`/proc/${pid}/task`).at(-1) ?? String(pid)
}
