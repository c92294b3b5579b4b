/**
 * Row 6: the memory written out by the kernel itself (fs/coredump.c, do_coredump), to a file or into a program. The program that dies
 * is one the attempt starts. `core_pattern` belongs to the whole machine, so it is changed only when disruption is allowed, and put back.
 */
import {
  closeSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sleep } from '../../linux/syscall.ts'
import { type Attempt, empty, Impossible, type Outcome, prepare, search, type Target } from '../attempt.ts'
import { executed, stateOf, waitUntil } from '../runner/launch.ts'
import { ended, startOf, withChild } from './held-target.ts'

const CORE_PATTERN = '/proc/sys/kernel/core_pattern'
/** More than any canary has. */
const CORE_LIMIT = 4 * 2 ** 30
/** The stack is the highest mapping but the vdso, so it ends the core; the rest is not worth reading. */
const TAIL_BYTES = 16 * 2 ** 20
/** core_pipe_limit 0: the kernel does not wait for the handler. */
const HANDLER_MS = 3000

const row6 = { row: 6, starts: true, switch: 'always', proof: 'absence' } as const

export const coreAttempts: readonly Attempt[] = [
  {
    ...row6,
    id: 'core-file',
    title: 'SIGSEGV, then read the core file',
    run: (t) => inTemporary((place) => toFile(t, place)),
  },
  {
    ...row6,
    id: 'core-pipe',
    title: 'SIGABRT with a handler in core_pattern',
    run: (t) => inTemporary((place) => toPipe(t, place)),
  },
]

/** A pattern without slash or bar puts the core into the working directory. */
function toFile(target: Target, place: string): Outcome {
  const crashed = () => crash(target, place, 'SIGSEGV')
  if (/^[|/]/.test(readFileSync(CORE_PATTERN, 'utf8'))) withPattern(target, 'core', crashed)
  else crashed()
  const name = readdirSync(place).find((entry) => entry.startsWith('core'))
  return name === undefined ? empty('a directory without a core') : readCore(join(place, name), target)
}

/** The handler runs in the first namespaces of the machine: only there does the path mean the same directory. */
function toPipe(target: Target, place: string): Outcome {
  const path = join(place, 'core')
  return withPattern(target, `|/bin/cp /proc/self/fd/0 ${path}`, () => {
    crash(target, place, 'SIGABRT')
    let last: Outcome = empty('no core: the handler did not run')
    for (const deadline = Date.now() + HANDLER_MS; Date.now() < deadline && last.kind !== 'leaked'; sleep(50)) {
      if (readdirSync(place).includes('core')) last = readCore(path, target)
    }
    return last
  })
}

function crash(target: Target, cwd: string, signal: 'SIGSEGV' | 'SIGABRT'): void {
  const spec = { ...startOf(target), coreLimit: CORE_LIMIT, cwd }
  withChild(spec, (pid) => {
    waitUntil('start of the target', () => ended(pid) || executed(pid, spec.argv))
    if (ended(pid)) throw new Error('the target did not start, so it could not crash')
    process.kill(pid, signal)
    waitUntil('end of the target', () => stateOf(pid) === 'Z')
  })
}

function readCore(path: string, { needle }: Target): Outcome {
  const fd = openSync(path, 'r')
  try {
    const { size } = fstatSync(fd)
    const bytes = Buffer.alloc(Math.min(size, TAIL_BYTES))
    const length = readSync(fd, bytes, 0, bytes.length, size - bytes.length)
    return search(bytes.subarray(0, length), needle, 'the core')
  } finally {
    closeSync(fd)
  }
}

function withPattern<T>({ disruptive }: Target, pattern: string, use: () => T): T {
  if (!disruptive) throw new Impossible('`core_pattern` would have to change, and disruption was not asked for')
  const before = readFileSync(CORE_PATTERN, 'utf8')
  prepare(CORE_PATTERN, () => writeFileSync(CORE_PATTERN, pattern))
  try {
    return use()
  } finally {
    writeFileSync(CORE_PATTERN, before)
  }
}

function inTemporary(use: (place: string) => Outcome): Outcome {
  const place = prepare('temporary directory', () => mkdtempSync(join(tmpdir(), 'kernelseal-core-')))
  try {
    return use(place)
  } finally {
    rmSync(place, { recursive: true })
  }
}
