/** An agent's entries for a scope: registered as a whole or not at all, and replaced while processes start. */

import { openCounters } from '../node/counters.ts'
import type { Guard } from '../node/guard.ts'
import type { SharedMap } from '../node/pins.ts'
import { SCOPE } from '../wire/generated.ts'
import { entriesOf } from './entries.ts'
import type { Entry, ScopeInput } from './entry.ts'
import { KERNELS, keepWithheld, keysOf, nameOf, refreshNode } from './scope.ts'

/** The entries of one registration, by map and key. */
export type Registration = ReadonlyMap<string, Pick<Entry, 'map' | 'key'>>

interface Key {
  readonly map: SharedMap
  readonly key: Buffer
}

export interface Registered {
  readonly now: Registration
  /**
   * Takes away the generations before, for OUTDATED_MS later: a start that began under one of them goes on with it, and one that
   * waits for the agent has been promised its values.
   */
  readonly takeAwayOutdated: () => void
}

/** Longer than any start takes from its path to its values, the agent's own deliveries included. */
export const OUTDATED_MS = 10_000

/** Registers a scope, and removes an earlier agent's registration. */
export function register(guard: Guard, input: ScopeInput): Registered {
  const now = write(guard, input)
  return supersede(
    guard,
    now,
    keysOf(guard, input.scope).filter(({ map }) => !KERNELS.includes(map)),
  )
}

/** Registers a scope anew while processes start. */
export function replace(guard: Guard, input: ScopeInput, before: Registration): Registered {
  const now = write(guard, input)
  return supersede(guard, now, [...before.values()])
}

function supersede(guard: Guard, now: Registration, before: readonly Key[]): Registered {
  const outdated = sievesFirst(before.filter((entry) => !now.has(nameOf(entry))))
  const takeAwayOutdated = (): void => {
    for (const { map, key } of outdated) guard.map(map).delete(key)
  }
  return { now, takeAwayOutdated }
}

/** A sieve vouches for the other lists of its registration (bpf/seal/search.h). */
const sievesFirst = (keys: readonly Key[]): Key[] =>
  keys.toSorted((a, b) => Number(b.map === 'sieves') - Number(a.map === 'sieves'))

/**
 * Writes values, slots, names and paths of a new generation, then the scope itself, which leads to them. A failure
 * puts the old entries back and leaves the earlier registration standing.
 */
function write(guard: Guard, input: ScopeInput): Registration {
  const entries = entriesOf(input)
  const next = entries.at(-1)!
  const standing = guard.map('scopes').get(next.key)
  if (standing) keepWithheld(standing, next.value)
  openCounters(guard.map('counters'), input.scope)
  const undo: (() => void)[] = []
  try {
    for (const { map, key, value } of [...meanwhile(next, standing), ...entries]) {
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

/** Restrictions of a binding: they hold before the new generation's paths lead to it. */
const RESTRICTIONS = [
  'scrub_bindings',
  'deny_bindings',
  'image_bindings',
  'pinned_bindings',
  'trusted_bindings',
] as const

/** The scope as it is while the entries of its successor are written: restricted as both are. */
function meanwhile(next: Entry, standing?: Buffer): Entry[] {
  if (!standing) return []
  const value = Buffer.from(standing)
  for (const name of RESTRICTIONS) {
    const [at] = SCOPE.fields[name]
    value.writeBigUInt64LE(value.readBigUInt64LE(at) | next.value.readBigUInt64LE(at), at)
  }
  return [{ map: 'scopes', key: next.key, value }]
}
