/** A scope in the kernel: registered as a whole or not at all, replaced, removed. */
import { closeSync, statSync } from 'node:fs'
import { BpfError } from '../libbpf/error.ts'
import * as ffi from '../libbpf/ffi.ts'
import { BpfMap } from '../libbpf/map.ts'
import { MODE } from '../wire/constants.ts'
import { SCOPE } from '../wire/layout.ts'
import { openCounters } from './counters.ts'
import { type Entry, entriesOf, nodeEntry, type ScopeInput, u32 } from './entries.ts'
import type { Guard } from './guard.ts'

/** Maps whose keys begin with the scope they belong to. */
const KEYED = ['paths', 'slots', 'names', 'secret_values', 'containers', 'owners'] as const

/** Of these the kernel's own: a new registration leaves them alone. */
const KERNELS: readonly string[] = ['containers', 'owners']

/** Bytes of a scope's ring, 432 an event: about 600 in a Pod, 9,700 on a host, which has more that happens at once. */
const POD_RING_BYTES = 1 << 18
const HOST_RING_BYTES = 1 << 22

/** @param path a PID namespace, for example `/proc/self/ns/pid` */
export function scopeNumber(path = '/proc/self/ns/pid'): number {
  return Number(statSync(path, { bigint: true }).ino)
}

/** One more than the last registration's: values of two generations never share an id. */
export function nextGeneration(guard: Guard, scope: number): number {
  const record = guard.map('scopes').get(u32(scope))
  return record ? Number(record.readBigUInt64LE(SCOPE.fields.generation[0])) + 1 : 1
}

/** What one registration wrote, by map and key. */
export type Registration = ReadonlyMap<string, Pick<Entry, 'map' | 'key'>>

/** Registers a scope, and takes away what an earlier agent had registered. */
export function register(guard: Guard, input: ScopeInput): Registration {
  const now = write(guard, input)
  for (const old of keysOf(guard, input.scope)) {
    if (!KERNELS.includes(old.map) && !now.has(nameOf(old))) guard.map(old.map).delete(old.key)
  }
  return now
}

/**
 * Registers a scope anew while processes start.
 * @returns also what takes the outdated values away, for later: a start that found its slot a moment ago still looks for
 * the value, and one that waits for the agent has been promised it
 */
export function replace(
  guard: Guard,
  input: ScopeInput,
  before: Registration,
): { now: Registration; takeAwayValues: () => void } {
  const now = write(guard, input)
  const outdated = [...before].filter(([name]) => !now.has(name)).map(([, entry]) => entry)
  const takeAway = (isTaken: (entry: Pick<Entry, 'map' | 'key'>) => boolean): void => {
    for (const { map, key } of outdated.filter(isTaken)) guard.map(map).delete(key)
  }
  takeAway(({ map }) => map !== 'secret_values')
  return { now, takeAwayValues: () => takeAway(({ map }) => map === 'secret_values') }
}

/**
 * Writes values, slots, names and paths, then the scope itself, which switches them on. A failure puts back what was
 * there and leaves the earlier registration standing.
 */
function write(guard: Guard, input: ScopeInput): Registration {
  const entries = entriesOf(input)
  openCounters(guard.map('counters'), input.scope)
  const undo: (() => void)[] = []
  try {
    for (const { map, key, value } of [...meanwhile(guard, entries.at(-1)!), ...entries]) {
      const open = guard.map(map)
      const old = open.get(key)
      open.set(key, value)
      undo.push(() => (old ? open.set(key, old) : open.delete(key)))
    }
  } catch (error) {
    for (const step of undo.reverse()) step()
    throw error
  }
  refreshNode(guard)
  return new Map(entries.map(({ map, key }) => [nameOf({ map, key }), { map, key }]))
}

/** What restricts a binding: it holds before the first path leads to a new one. */
const RESTRICTIONS = ['scrub_bindings', 'deny_bindings', 'image_bindings', 'pinned_bindings'] as const

/** The scope as it is while the entries of its successor are written: restricted as both are. */
function meanwhile(guard: Guard, next: Entry): Entry[] {
  const value = guard.map('scopes').get(next.key)
  if (!value) return []
  for (const name of RESTRICTIONS) {
    const [at] = SCOPE.fields[name]
    value.writeBigUInt64LE(value.readBigUInt64LE(at) | next.value.readBigUInt64LE(at), at)
  }
  return [{ map: 'scopes', key: next.key, value }]
}

/** The scope goes first, so that nothing is delivered from a half-removed set. */
export function unregister(guard: Guard, scope: number): void {
  guard.map('scopes').delete(u32(scope))
  for (const { map, key } of keysOf(guard, scope)) guard.map(map).delete(key)
  for (const map of ['rings', 'counters'] as const) guard.map(map).delete(u32(scope))
  refreshNode(guard)
}

/** Numbers of the registered scopes. */
export function scopesOf(guard: Guard): number[] {
  return guard
    .map('scopes')
    .keys()
    .map((key) => key.readUInt32LE(0))
    .filter((scope) => scope !== 0)
}

/** Takes away what scopes left that ended in the kernel with their PID namespace. @returns the scopes */
export function sweep(guard: Guard): number[] {
  const alive = new Set(scopesOf(guard))
  const keyed = [...KEYED, 'rings', 'counters'] as const
  const known = keyed.flatMap((map) => guard.map(map).keys()).map((key) => key.readUInt32LE(0))
  const dead = [...new Set(known)].filter((scope) => scope !== 0 && !alive.has(scope))
  for (const scope of dead) unregister(guard, scope)
  return dead
}

/** A new ring for the scope; what nobody read of an earlier one is gone with it. The caller closes it. */
export function openScopeRing(guard: Guard, scope: number, host: boolean): BpfMap {
  const fd = ffi.createRing('ks_events', host ? HOST_RING_BYTES : POD_RING_BYTES)
  if (fd < 0) throw new BpfError('bpf_map_create', -fd, `make the ring buffer of scope ${scope}`)
  try {
    guard.map('rings').set(u32(scope), u32(fd))
  } catch (error) {
    closeSync(fd)
    throw error
  }
  return new BpfMap('events', fd, 0, 0)
}

/** scopes[0] is as strict as the strictest scope. */
function refreshNode(guard: Guard): void {
  const scopes = guard.map('scopes')
  const modes = scopesOf(guard).map((scope) => scopes.get(u32(scope))?.readUInt32LE(SCOPE.fields.mode[0]) ?? 0)
  const { map, key, value } = nodeEntry(Math.max(MODE.disabled, ...modes))
  guard.map(map).set(key, value)
}

type Key = Pick<Entry, 'key'> & { readonly map: (typeof KEYED)[number] }

function keysOf(guard: Guard, scope: number): Key[] {
  return KEYED.flatMap((map) => {
    const keys = guard.map(map).keys()
    return keys.filter((key) => key.readUInt32LE(0) === scope).map((key) => ({ map, key }))
  })
}

const nameOf = ({ map, key }: { map: string; key: Buffer }): string => `${map}:${key.toString('hex')}`
