/**
 * The node's one set of programs and maps, under /sys/fs/bpf/kernelseal/<abi>/:
 *
 *     maps/<name>   constants   programs/agent_{enroll,stance}   links/<program>
 *
 * The first agent makes it, later ones adopt it, and it stays when they end. It appears whole or not at all: it is
 * built aside and renamed, under a lock on the directory.
 */
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  statSync,
  unlinkSync,
} from 'node:fs'
import { join } from 'node:path'
import { BpfMap } from '../libbpf/map.ts'
import { type BpfObject, pinTo } from '../libbpf/object.ts'
import { tryLock } from '../linux/libc.ts'
import { eventually, type Pauses } from '../linux/poll.ts'
import { VERSION } from '../wire/generated.ts'
import { HeldPins } from './held-pins.ts'

const BPFFS = '/sys/fs/bpf'
const PIN_ROOT = join(BPFFS, 'kernelseal')
/** Sets of different ABI stand side by side. */
const ABI = `v${VERSION.ABI}`
const PIN_DIR = join(PIN_ROOT, ABI)

/** Maps that user space reads or writes; the others live as long as the programs that use them. */
const SHARED_MAPS = [
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
const OWN_PROGRAMS = ['agent_enroll', 'agent_stance', 'agent_settle'] as const
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

export const isPinned = (): boolean => existsSync(PIN_DIR)

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

/** Under the lock. Left-overs of a loader that was killed are removed first. */
export function pinSet(object: BpfObject): void {
  const aside = `${PIN_DIR}-new` // bpffs reserves names with a dot (bpf_lookup in kernel/bpf/inode.c)
  remove(aside)
  for (const part of ['maps', 'programs', 'links']) mkdirSync(join(aside, part), { recursive: true, mode: 0o700 })
  for (const name of SHARED_MAPS) pinTo(object.map(name).fd, join(aside, 'maps', name))
  for (const name of OWN_PROGRAMS) pinTo(object.programFd(name), join(aside, 'programs', name))
  pinTo(object.constants().fd, join(aside, 'constants'))
  object.pinLinks(join(aside, 'links'))
  renameSync(aside, PIN_DIR)
}

/** Only once enrolled. */
export const holdPins = (): HeldPins => new HeldPins(PIN_DIR)

/** Under the lock. With the last pin and the last descriptor the programs are detached. */
export function unpinSet(): void {
  takeAway(PIN_DIR)
}

/** Whole or not at all: what is killed halfway leaves nothing that the next agent would adopt. */
function takeAway(directory: string): void {
  const aside = `${directory}-old`
  remove(aside)
  if (existsSync(directory)) renameSync(directory, aside)
  remove(aside)
}

export interface OtherSet {
  /** Its ABI, for example `v0`. */
  readonly abi: string
  /** Numbers of its scopes. */
  readonly scopes: readonly number[]
}

/**
 * Sets of other versions, which guard their scopes until those end. handover.ts has the contract between versions; 0
 * is no scope.
 */
export function otherSets(): OtherSet[] {
  if (!existsSync(PIN_ROOT)) return []
  const names = readdirSync(PIN_ROOT).filter((name) => /^v\d+$/.test(name) && name !== ABI)
  return names.map((abi) => ({ abi, scopes: scopesIn(mapPin('scopes', abi)) }))
}

function scopesIn(path: string): number[] {
  const map = BpfMap.pinned('scopes', path)
  try {
    return map.keys().flatMap((key) => key.readUInt32LE(0) || [])
  } finally {
    map.close()
  }
}

/** Whether programs of any version stand. */
export const isAnyPinned = (): boolean => isPinned() || otherSets().length > 0

/** Under the lock. @param abi as `otherSets` gave it */
export function unpinOther(abi: string): void {
  takeAway(join(PIN_ROOT, abi))
}

/** bpffs has no recursive remove that Node's `rm` could use: it holds only pins and directories. */
function remove(directory: string): void {
  if (!existsSync(directory)) return
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) remove(path)
    else unlinkSync(path)
  }
  rmdirSync(directory)
}
