/**
 * Row 14: all memory at once, and the tracing interface that can read any. Under lockdown the kernel itself refuses
 * every process.
 */
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sys } from '../../linux/syscall.ts'
import { type Attempt, empty, judge, leaked, type Outcome, prepare } from '../attempt.ts'

const AT_FDCWD = -100
/** mknod(2): character device 1:1, drivers/char/mem.c. */
const S_IFCHR_0600 = 0o20600
const DEV_MEM = 0x101

const row14 = { row: 14, switch: 'always', proof: 'refusal' } as const

export const kernelMemoryAttempts: readonly Attempt[] = [
  { ...row14, id: 'kcore', title: 'read /proc/kcore', run: () => unlessLocked(() => readHead('/proc/kcore')) },
  { ...row14, id: 'dev-mem', title: 'read /dev/mem', run: () => unlessLocked(() => readHead('/dev/mem')) },
  { ...row14, id: 'dev-mem-mknod', title: 'make and read a /dev/mem of the own', run: () => unlessLocked(madeDevice) },
  {
    ...row14,
    id: 'uprobe-events',
    title: 'open tracefs uprobe_events for writing',
    run: () => unlessLocked(() => openTrace('uprobe_events')),
  },
  {
    ...row14,
    id: 'trace-pipe',
    title: 'open tracefs trace_pipe',
    run: () => unlessLocked(() => openTrace('trace_pipe')),
  },
]

function readHead(path: string): Outcome {
  const fd = openSync(path, 'r')
  try {
    const length = readSync(fd, Buffer.alloc(64))
    return length > 0 ? leaked(`${length} bytes`) : empty('nothing in it')
  } finally {
    closeSync(fd)
  }
}

function madeDevice(): Outcome {
  const directory = prepare('temporary directory', () => mkdtempSync(join(tmpdir(), 'kernelseal-attack-')))
  const path = join(directory, 'mem')
  try {
    prepare('mknod', () => sys('mknodat', AT_FDCWD, path, S_IFCHR_0600, DEV_MEM))
    return readHead(path)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

/** Opened and closed: nothing is traced. */
function openTrace(name: 'uprobe_events' | 'trace_pipe'): Outcome {
  const flags =
    name === 'trace_pipe' ? constants.O_RDONLY | constants.O_NONBLOCK : constants.O_WRONLY | constants.O_APPEND
  closeSync(openSync(`/sys/kernel/tracing/${name}`, flags))
  return leaked('opened')
}

/**
 * Without protection a refusal under lockdown is the kernel's (security/lockdown/lockdown.c): such a refusal proves
 * nothing.
 */
export function unlessLocked(attempt: () => Outcome): Outcome {
  try {
    return attempt()
  } catch (error) {
    const outcome = judge(error)
    return outcome.kind === 'refused' && locked() ? { ...outcome, lockdown: true } : outcome
  }
}

function locked(): boolean {
  try {
    return !readFileSync('/sys/kernel/security/lockdown', 'utf8').includes('[none]')
  } catch {
    return false
  }
}
