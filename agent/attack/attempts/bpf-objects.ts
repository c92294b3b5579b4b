/**
 * Row 13: our maps and programs, taken by a process that may call bpf() (kernel/bpf/syscall.c, bpf_map_get_fd_by_id).
 */
import { closeSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type Attempt, empty, judge, leaked, type Outcome, type Target } from '../attempt.ts'
import { bpf, descriptorOf, idsOf, type Kind, pinned, valuesOf } from './bpf-call.ts'

/** enum bpf_cmd; link_fd is the first word. */
const LINK_DETACH = 34
const PINS = '/sys/fs/bpf/kernelseal'

const row13 = { row: 13, switch: 'always' } as const

export const bpfAttempts: readonly Attempt[] = [
  {
    ...row13,
    id: 'bpf-map-dump',
    proof: 'refusal',
    title: 'dump every BPF map by id',
    run: (t) => overIds('map', (fd) => dump(fd, t)),
  },
  {
    ...row13,
    id: 'bpf-prog-fd',
    proof: 'refusal',
    title: 'get a BPF program by id',
    run: () => overIds('program', () => leaked('got a descriptor')),
  },
  {
    ...row13,
    id: 'bpf-pins',
    proof: 'control',
    title: 'open pinned maps and programs, detach pinned links',
    run: openPins,
  },
]

/** One leak is enough. Without one, a refusal counts more than a map that held nothing. */
function overIds(kind: Kind, look: (fd: number) => Outcome): Outcome {
  let last: Outcome = empty(`no BPF ${kind}s`)
  for (const id of idsOf(kind)) {
    const outcome = using(() => descriptorOf(kind, id), look)
    if (outcome.kind === 'leaked') return { ...outcome, detail: `${kind} ${id}: ${outcome.detail}` }
    if (last.kind !== 'refused') last = outcome
  }
  return last
}

function dump(fd: number, { needle }: Target): Outcome {
  let count = 0
  for (const value of valuesOf(fd)) {
    if (value.includes(needle)) return leaked(`in value ${count}`)
    count++
  }
  return empty(`${count} values`)
}

/** A directory that is not there is no proof: `impossible`. */
function openPins(): Outcome {
  const entries = readdirSync(PINS, { recursive: true, withFileTypes: true }).filter((entry) => !entry.isDirectory())
  let last: Outcome = empty('a directory without pins')
  for (const { parentPath, name } of entries) {
    const use = basename(parentPath) === 'links' ? detach : () => leaked('opened')
    const outcome = using(() => pinned(join(parentPath, name)), use)
    if (outcome.kind === 'leaked') return leaked(`the pin ${name}: ${outcome.detail}`)
    if (last.kind !== 'refused') last = outcome
  }
  return last
}

/** A link's descriptor does nothing by itself: no hook sees it given out, and everything else needs the program. */
function detach(fd: number): Outcome {
  try {
    bpf(LINK_DETACH, (attr) => attr.writeUInt32LE(fd, 0))
    return leaked('detached')
  } catch (error) {
    const { code } = error as { code?: string }
    return code === 'EOPNOTSUPP' ? empty('a link that cannot be detached') : judge(error)
  }
}

function using(open: () => number, look: (fd: number) => Outcome): Outcome {
  try {
    const fd = open()
    try {
      return look(fd)
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    return judge(error)
  }
}
