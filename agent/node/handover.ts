/**
 * Sets of other versions that guard our scope, since an agent of that version was here before this one. Processes it
 * sealed stay sealed, by that set; programs that start from now on get their values from ours.
 *
 * Of another version only this is known, and every version keeps to it: the keys of the maps `scopes`, `agents`, `paths`, `slots`
 * and `secret_values` begin with the scope's number, a value of `agents` begins with a key of `processes`, which has the scope's
 * agent while it lives, and `programs/agent_enroll` makes the caller the agent of the scope in ctx[0].
 */
import { closeSync } from 'node:fs'
import { BpfError } from '../libbpf/error.ts'
import { BpfMap, type MapAccess } from '../libbpf/map.ts'
import { enrollBy, livingAgent, openOwnProgram } from './enroll.ts'
import { otherSets } from './pin-set.ts'
import * as pins from './pins.ts'
import { livingAgents } from './process-records.ts'

const EPERM = 1

export interface Predecessor {
  /** The set's ABI, for example `v0`. */
  readonly abi: string
  /**
   * Takes its deliveries over. For after the registration in our own set: nothing may start without its values.
   * @returns a function that removes its slots and values, for OUTDATED_MS later (registration.ts)
   */
  readonly takeOver: () => () => void
}

/** @throws Error when the agent of another version is alive: while it is, its set's programs are closed to us */
export function openPredecessors(scope: number): Predecessor[] {
  const before = otherSets().filter(({ scopes }) => scopes.includes(scope))
  return before.map(({ abi }) => {
    if (hasAgent(abi, scope)) throw livingAgent(scope)
    const program = openOwnProgram(pins.programPin('agent_enroll', abi))
    return { abi, takeOver: () => takeOver(abi, program, scope) }
  })
}

/**
 * Paths first, which a process that could become the agent may remove: a set with a living agent, but us, would let a program
 * wait for values that we do not write. Maps with secrets open only for its agent. Slots and values stay for the starts in progress, whose
 * path was looked up before: without its slot a placeholder would be a stranger's, and stay in the environment.
 */
function takeOver(abi: string, program: number, scope: number): () => void {
  const forget = (): void => withMap(abi, 'paths', 'write', (map) => empty(map, scope))
  const forgot = attempted(forget)
  enrollBy(program, scope)
  closeSync(program)
  if (!forgot) forget()
  const maps = (['slots', 'secret_values'] as const).map((name) => openMap(abi, name, 'write')) // now: the set may be gone by then
  return () => {
    for (const map of maps) {
      empty(map, scope)
      map.close()
    }
  }
}

const hasAgent = (abi: string, scope: number): boolean =>
  withMap(abi, 'agents', 'read', (agents) =>
    withMap(abi, 'processes', 'read', (processes) => livingAgents(agents, processes).has(scope)),
  )

function empty(map: BpfMap, scope: number): void {
  for (const key of map.keys()) if (key.readUInt32LE(0) === scope) map.delete(key)
}

/** @returns false where the map opens to no writer but an agent: for one outside of its scope, which no program waits for */
function attempted(forget: () => void): boolean {
  try {
    forget()
    return true
  } catch (error) {
    if (error instanceof BpfError && error.errno === EPERM) return false
    throw error
  }
}

const openMap = (abi: string, name: pins.SharedMap, access: MapAccess): BpfMap =>
  BpfMap.pinned(name, pins.mapPin(name, abi), access)

function withMap<T>(abi: string, name: pins.SharedMap, access: MapAccess, use: (map: BpfMap) => T): T {
  const map = openMap(abi, name, access)
  try {
    return use(map)
  } finally {
    map.close()
  }
}
