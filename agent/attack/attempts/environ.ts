/**
 * Row 1: `environ` by the ways procfs itself offers. All end in fs/proc/base.c, environ_open; only the path to it
 * differs, so a guard that looks at path text or at the number opened falls to one of them.
 */
import { closeSync, constants, openSync, readdirSync, readFileSync } from 'node:fs'
import { sys } from '../../linux/syscall.ts'
import { type Attempt, empty, type Outcome, search, type Target } from '../attempt.ts'

const AT_FDCWD = -100
/** include/uapi/asm-generic/fcntl.h; node:fs does not name it. */
export const O_PATH = 0o10000000

const row1 = { row: 1, switch: 'blockEnviron', proof: 'refusal' } as const

export const environAttempts: readonly Attempt[] = [
  { ...row1, id: 'environ-pid', title: 'read /proc/P/environ', run: (t) => readEnviron(`/proc/${t.pid}/environ`, t) },
  {
    ...row1,
    id: 'environ-tid',
    title: 'read /proc/T/environ of each thread',
    run: (t) => byThreads(t, (tid) => `/proc/${tid}/environ`),
  },
  {
    ...row1,
    id: 'environ-task',
    title: 'read /proc/P/task/T/environ',
    run: (t) => byThreads(t, (tid) => `/proc/${t.pid}/task/${tid}/environ`),
  },
  {
    ...row1,
    id: 'environ-relative',
    title: 'read environ with /proc/P as working directory',
    run: fromWorkingDirectory,
  },
  { ...row1, id: 'environ-dirfd', title: 'openat from a descriptor of /proc/P', run: (t) => fromDirectory(t, openat) },
  {
    ...row1,
    id: 'environ-openat2',
    title: 'openat2 from a descriptor of /proc/P',
    run: (t) => fromDirectory(t, openat2),
  },
  { ...row1, id: 'environ-o-path', title: 'reopen an O_PATH descriptor of environ', run: reopenPath },
]

/** Reads a file or descriptor to its end and looks for the needle. Closes a descriptor. */
export function readEnviron(from: string | number, target: Target): Outcome {
  try {
    return search(readFileSync(from), target.needle, 'environ')
  } finally {
    if (typeof from === 'number') closeSync(from)
  }
}

/** The threads beside the leader; the leader's path is an attempt of its own. */
function byThreads(target: Target, path: (tid: string) => string): Outcome {
  const tids = readdirSync(`/proc/${target.pid}/task`).filter((tid) => tid !== String(target.pid))
  let last = empty('the target has one thread')
  for (const tid of tids) {
    last = readEnviron(path(tid), target)
    if (last.kind === 'leaked') return last
  }
  return last
}

function fromWorkingDirectory(target: Target): Outcome {
  process.chdir(`/proc/${target.pid}`)
  try {
    return readEnviron('environ', target)
  } finally {
    process.chdir('/')
  }
}

/** O_PATH opens call no `file_open` hook; an open that starts from one must. */
function fromDirectory(target: Target, open: (directory: number) => number): Outcome {
  const directory = openSync(`/proc/${target.pid}`, O_PATH | constants.O_DIRECTORY)
  try {
    return readEnviron(open(directory), target)
  } finally {
    closeSync(directory)
  }
}

function openat(directory: number): number {
  return sys('openat', directory, 'environ', constants.O_RDONLY, 0)
}

function openat2(directory: number): number {
  const how = Buffer.alloc(24) // struct open_how: flags, mode, resolve; all zero is O_RDONLY
  return sys('openat2', directory, 'environ', how, how.length)
}

function reopenPath(target: Target): Outcome {
  const handle = sys('openat', AT_FDCWD, `/proc/${target.pid}/environ`, O_PATH, 0)
  try {
    return readEnviron(`/proc/self/fd/${handle}`, target)
  } finally {
    closeSync(handle)
  }
}
