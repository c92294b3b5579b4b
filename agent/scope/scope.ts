/** Scopes in the kernel: which there are, and their end. */

import { statSync } from 'node:fs'
import type { Guard } from '../node/guard.ts'
import type { SharedMap } from '../node/pins.ts'
import { livingAgents } from '../node/process-records.ts'
import { MODE } from '../wire/constants.ts'
import { u32 } from '../wire/encode.ts'
import { SCOPE, SWITCH } from '../wire/generated.ts'
import { isCgroup, releaseCgroup } from './cgroup.ts'
import { nodeEntry } from './entries.ts'
import type { Entry } from './entry.ts'

/** Maps whose keys begin with the scope they belong to, in the order of taking away: the sieve vouches for the other lists. */
const KEYED = [
  'sieves',
  'paths',
  'slots',
  'names',
  'secret_values',
  'needles',
  'containers',
  'lives',
  'owners',
  'numbers',
] as const

/** Of these the kernel's own: a new registration leaves them alone. */
export const KERNELS: readonly string[] = ['containers', 'lives', 'owners']

/** @param path a PID namespace, for example `/proc/self/ns/pid` */
export function scopeNumber(path = '/proc/self/ns/pid'): number {
  return Number(statSync(path, { bigint: true }).ino)
}

/** Of the registration that is in force; 0: none. */
export function generationOf(guard: Guard, scope: number): number {
  const record = guard.map('scopes').get(u32(scope))
  return record ? Number(record.readBigUInt64LE(SCOPE.fields.generation[0])) : 0
}

export const nextGeneration = (guard: Guard, scope: number): number => generationOf(guard, scope) + 1

/**
 * No value is given in the scope from now on, under later registrations too; sealed processes stay sealed, and the programs that they
 * start are searched as before. @returns an undo function
 */
export function withhold(guard: Guard, scope: number): () => void {
  if (!setWithheld(guard, scope, true)) return () => {}
  return () => giveBack(guard, scope)
}

/** Ends the withholding, also that of an agent that is gone. */
export function giveBack(guard: Guard, scope: number): void {
  setWithheld(guard, scope, false)
}

/** @returns whether it was otherwise before */
function setWithheld(guard: Guard, scope: number, wanted: boolean): boolean {
  const scopes = guard.map('scopes')
  const record = scopes.get(u32(scope))
  if (!record || isWithheld(record) === wanted) return false
  const [at] = SCOPE.fields.switches
  record.writeUInt32LE((record.readUInt32LE(at) ^ SWITCH.WITHHELD) >>> 0, at)
  scopes.set(u32(scope), record)
  return true
}

/** Another record of a scope gives nothing back. @param standing the one in force */
export function keepWithheld(standing: Buffer, next: Buffer): void {
  const [at] = SCOPE.fields.switches
  if (isWithheld(standing)) next.writeUInt32LE((next.readUInt32LE(at) | SWITCH.WITHHELD) >>> 0, at)
}

/** @param record of a scope */
const isWithheld = (record: Buffer): boolean => (record.readUInt32LE(SCOPE.fields.switches[0]) & SWITCH.WITHHELD) !== 0

/** The scope goes first, so that nothing is delivered from a half-removed set. */
export function unregister(guard: Guard, scope: number): void {
  guard.map('scopes').delete(u32(scope))
  for (const { map, key } of keysOf(guard, scope)) guard.map(map).delete(key)
  for (const map of ['rings', 'orders', 'counters'] as const) guard.map(map).delete(u32(scope))
  if (isCgroup(scope)) releaseCgroup(guard, scope)
  refreshNode(guard)
}

/** Numbers of the registered scopes. */
export function scopesOf(guard: Guard): number[] {
  return numbersIn(guard, 'scopes').filter((scope) => scope !== 0)
}

/** Of a map whose keys begin with the scope: those numbers. */
function numbersIn(guard: Guard, map: SharedMap): number[] {
  return guard
    .map(map)
    .keys()
    .map((key) => key.readUInt32LE(0))
}

/**
 * Removes the entries of scopes that ended in the kernel with their PID namespace. A scope that another agent is about to
 * register has no entry yet but that agent, which enrolled before it wrote anything: so the known entries are read
 * first, then the living agents.
 * @param own the caller's: no other agent registers it, and its unregistered entries are left over from a scope with
 * the same number
 * @returns the scopes
 */
export function sweep(guard: Guard, own: number): number[] {
  const keyed = [...KEYED, 'rings', 'orders', 'counters'] as const
  const known = keyed.flatMap((map) => numbersIn(guard, map))
  const enrolled = livingAgents(guard.map('agents'), guard.map('processes'))
  enrolled.delete(own)
  const alive = new Set([...enrolled, ...scopesOf(guard)])
  const dead = [...new Set(known)].filter((scope) => scope !== 0 && !alive.has(scope))
  for (const scope of dead) {
    unregister(guard, scope)
    // Of an agent that was killed; the caller has enrolled in its own by now.
    if (scope !== own) guard.map('agents').delete(u32(scope))
  }
  return dead
}

/** Leaves a scope that an agent served beside its first to others; one that has another agent stays that agent's. */
export function resign(guard: Guard, scope: number, first: number): void {
  const agents = guard.map('agents')
  const [own, entry] = [agents.get(u32(first)), agents.get(u32(scope))]
  if (own && entry?.equals(own)) agents.delete(u32(scope))
}

/** scopes[0] is as strict as the strictest scope, also when another agent registers a stricter one between our look and our word. */
export function refreshNode(guard: Guard): void {
  let mode: number
  do {
    mode = strictestMode(guard)
    const { map, key, value } = nodeEntry(mode)
    guard.map(map).set(key, value)
  } while (strictestMode(guard) !== mode)
}

function strictestMode(guard: Guard): number {
  const scopes = guard.map('scopes')
  const modes = scopesOf(guard).map((scope) => scopes.get(u32(scope))?.readUInt32LE(SCOPE.fields.mode[0]) ?? 0)
  return Math.max(MODE.disabled, ...modes)
}

type Key = Pick<Entry, 'key'> & { readonly map: (typeof KEYED)[number] }

/** All entries of a scope, by every agent of it. */
export function keysOf(guard: Guard, scope: number): Key[] {
  return KEYED.flatMap((map) => {
    const keys = guard.map(map).keys()
    return keys.filter((key) => key.readUInt32LE(0) === scope).map((key) => ({ map, key }))
  })
}

export const nameOf = ({ map, key }: { map: string; key: Buffer }): string => `${map}:${key.toString('hex')}`
