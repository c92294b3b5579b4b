/**
 * Row 5: procfs files that describe a process's memory and files without their contents. Effect: it answered with
 * something.
 */
import { closeSync, openSync, readdirSync, readSync } from 'node:fs'
import { sleep } from '../../linux/syscall.ts'
import { type Attempt, empty, leaked, type Outcome } from '../attempt.ts'

const READABLE = ['maps', 'smaps', 'smaps_rollup', 'numa_maps', 'pagemap', 'auxv', 'stack', 'syscall']
/** A build option; a kernel stack is for CAP_SYS_ADMIN. */
const MEANS: Readonly<Record<string, Pick<Attempt, 'mayBeAbsent' | 'takesFullRoot'>>> = {
  numa_maps: { mayBeAbsent: true },
  stack: { takesFullRoot: true },
}
const LISTABLE = ['map_files', 'fd']

const row5 = { row: 5, switch: 'blockMaps', proof: 'refusal' } as const

export const mapsAttempts: readonly Attempt[] = [
  ...READABLE.map((name) => ({
    ...row5,
    id: name.replaceAll('_', '-'),
    title: `read /proc/P/${name}`,
    ...MEANS[name],
    run: ({ pid }: { pid: number }) => readSome(`/proc/${pid}/${name}`),
  })),
  ...LISTABLE.map((name) => ({
    ...row5,
    id: `${name.replaceAll('_', '-')}-listing`,
    title: `list /proc/P/${name}/`,
    run: ({ pid }: { pid: number }) => list(`/proc/${pid}/${name}`),
  })),
]

/** `stack` is empty while the task runs in user mode, so an empty answer is asked for again. */
const TRIES = 50

/** `pagemap` answers whole entries of 8 bytes only; a page is a multiple for all of them. */
function readSome(path: string): Outcome {
  const fd = openSync(path, 'r')
  try {
    for (let n = 0; n < TRIES; n++) {
      const length = readSync(fd, Buffer.alloc(4096), 0, 4096, 0)
      if (length > 0) return leaked(`${length} bytes`)
      sleep(7) // out of step with a canary that works every 20 ms
    }
    return empty('nothing in it')
  } finally {
    closeSync(fd)
  }
}

function list(path: string): Outcome {
  const entries = readdirSync(path)
  return entries.length > 0 ? leaked(`${entries.length} entries`) : empty('no entries')
}
