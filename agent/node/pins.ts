/**
 * The node's one set of programs and maps, under /sys/fs/bpf/kernelseal/<abi>/:
 *
 *     maps/<name>   constants   programs/agent_{enroll,stance}   links/<program>
 *
 * The first agent makes it, later ones adopt it, and it stays when they end. It appears whole or not at all: it is
 * built aside and renamed, under a lock on the directory.
 */
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { tryLock } from '../linux/libc.ts'
import { eventually, type Pauses } from '../linux/poll.ts'
import { VERSION } from '../wire/generated.ts'

const BPFFS = '/sys/fs/bpf'
export const PIN_ROOT = join(BPFFS, 'kernelseal')
/** Sets of different ABI stand side by side. */
export const ABI = `v${VERSION.ABI}`
export const PIN_DIR = join(PIN_ROOT, ABI)

/** Maps that user space reads or writes; the others live as long as the programs that use them. */
export const SHARED_MAPS = [
  'scopes',
  'agents',
  'counters',
  'rings',
  'orders',
  'processes',
  'containers',
  'lives',
  'owners',
  'numbers',
  'paths',
  'slots',
  'names',
  'secret_values',
  'needles',
  'sieves',
  'cgroup_paths',
  'cgroup_scopes',
] as const
export type SharedMap = (typeof SHARED_MAPS)[number]

/**
 * Longest wait for other agents: after a boot all of a node's want it, one by one. A holder that dies lets go, so nothing is gained
 * by giving up early.
 */
const LOCK_TIMEOUT_MS = 300_000
const LOCK_RETRY_MS: Pauses = [50, 1_000]

export const mapPin = (name: SharedMap, abi = ABI): string => join(PIN_ROOT, abi, 'maps', name)
export const linkPin = (program: string): string => join(PIN_DIR, 'links', program)
export const constantsPin = (): string => join(PIN_DIR, 'constants')
/** Programs that an agent runs on itself. */
export const OWN_PROGRAMS = ['agent_enroll', 'agent_stance', 'agent_settle'] as const
export type OwnProgram = (typeof OWN_PROGRAMS)[number]
export const programPin = (name: OwnProgram, abi = ABI): string => join(PIN_ROOT, abi, 'programs', name)

/** Whether a bpf file system is there to pin to. */
export function canPin(): boolean {
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
  return mounts.split('\n').some((line) => line.split(' ')[1] === BPFFS && line.split(' ')[2] === 'bpf')
}

/**
 * The kernel's number of the file system that holds the pins (s_dev), 0 where none is mounted. A file system without a disk has
 * major number 0; its minor is spread over what stat(2) gives (new_encode_dev, include/linux/kdev_t.h).
 */
export function pinDevice(): number {
  if (!canPin()) return 0
  const { dev } = statSync(BPFFS)
  return (dev & 0xff) | ((dev >> 12) & 0xfff00)
}

/** @throws Error where this user may not know */
export const isPinned = (): boolean => isThere(PIN_DIR)

/** existsSync says no as well where a folder above is closed, and then nothing would seem to protect. @throws Error */
export function isThere(path: string): boolean {
  try {
    statSync(path)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return false
    throw new Error(`\`${path}\` cannot be looked at by this user (${code}): ask as root`)
  }
}

/** Names of the attached programs. */
export const pinnedPrograms = (): string[] => readdirSync(join(PIN_DIR, 'links'))

/** Whether the lock's folder opens for us. */
export function canLock(): boolean {
  try {
    if (existsSync(PIN_ROOT)) closeSync(openSync(PIN_ROOT, 'r'))
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EPERM') return false
    throw error
  }
}

/** More than there will be versions of the maps that stand side by side. */
const MOST_ABIS = 20

/** The versions that are pinned, found without opening a folder. */
export const pinnedSets = (): string[] =>
  Array.from({ length: MOST_ABIS }, (_, i) => `v${i}`).filter((abi) => existsSync(join(PIN_ROOT, abi)))

/** Runs `body` while no other agent loads, adopts or unloads. @throws Error when the lock is not to be had */
export async function withLock<T>(body: () => T | Promise<T>): Promise<T> {
  mkdirSync(PIN_ROOT, { recursive: true, mode: 0o700 })
  const fd = openSync(PIN_ROOT, 'r')
  try {
    if (!(await eventually(() => tryLock(fd), LOCK_TIMEOUT_MS, LOCK_RETRY_MS)))
      throw new Error(`\`${PIN_ROOT}\` is locked by another agent for ${LOCK_TIMEOUT_MS} ms`)
    return await body()
  } finally {
    closeSync(fd)
  }
}
