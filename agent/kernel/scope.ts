/** A scope in the kernel: registered as a whole or not at all, replaced, removed. */
import { statSync } from 'node:fs'
import type { BpfObject } from '../libbpf/object.ts'
import { type Entry, entriesOf, nodeEntry, type ScopeInput, u32 } from './entries.ts'

/** Inode number of the initial PID namespace (PROC_PID_INIT_INO, include/linux/proc_ns.h). */
export const INIT_PID_NAMESPACE = 0xeffffffc

/** @param path a PID namespace, for example `/proc/self/ns/pid` */
export function scopeNumber(path = '/proc/self/ns/pid'): number {
  return Number(statSync(path, { bigint: true }).ino)
}

/** Keys written for a scope, so that they can be taken away again. */
export interface Registration {
  readonly entries: readonly Entry[]
}

/**
 * Writes values, slots and paths, then the scope itself, which switches them on. A failure takes back what was
 * written and leaves `previous` standing.
 */
export function register(object: BpfObject, input: ScopeInput, previous?: Registration): Registration {
  const entries = entriesOf(input)
  const written: Entry[] = []
  try {
    for (const entry of [...entries, nodeEntry(input.config)]) {
      object.map(entry.map).set(entry.key, entry.value)
      written.push(entry)
    }
  } catch (error) {
    remove(object, without(written, previous))
    throw error
  }
  if (previous) remove(object, without(previous.entries, { entries }))
  return { entries }
}

/** The scope goes first, so that nothing is delivered from a half-removed set. */
export function unregister(object: BpfObject, scope: number, registration: Registration): void {
  object.map('scopes').delete(u32(scope))
  remove(object, registration.entries)
}

function remove(object: BpfObject, entries: readonly Entry[]): void {
  for (const { map, key } of entries) object.map(map).delete(key)
}

function without(entries: readonly Entry[], other?: Registration): Entry[] {
  const kept = new Set(other?.entries.map(nameOf))
  return entries.filter((entry) => !kept.has(nameOf(entry)))
}

const nameOf = (entry: Entry): string => `${entry.map}:${entry.key.toString('hex')}`
