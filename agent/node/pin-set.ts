/** The node's set of pins as a whole: made, taken away, and found beside those of other versions. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmdirSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { BpfMap } from '../libbpf/map.ts'
import { type BpfObject, pinTo } from '../libbpf/object.ts'
import { HeldPins } from './held-pins.ts'
import { ABI, isPinned, isThere, mapPin, OWN_PROGRAMS, PIN_DIR, PIN_ROOT, SHARED_MAPS } from './pins.ts'

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
  if (!isThere(PIN_ROOT)) return []
  const names = readdirSync(PIN_ROOT).filter((name) => /^v\d+$/.test(name) && name !== ABI)
  return names.map((abi) => ({ abi, scopes: scopesIn(mapPin('scopes', abi)) }))
}

function scopesIn(path: string): number[] {
  const map = BpfMap.pinned('scopes', path, 'read')
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
