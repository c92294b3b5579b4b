/**
 * Sets of other versions that guard our scope, since an agent of that version was here before this one. What it sealed stays
 * sealed, by that set; what starts from now on is given its values by ours.
 *
 * Of another version only this is known, and every version keeps to it: the keys of the maps `scopes`, `agents`, `paths`, `slots`
 * and `secret_values` begin with the scope's number, `agents` has the scopes whose agent lives, and `programs/agent_enroll`
 * makes the caller the agent of the scope in ctx[0].
 */
import { closeSync } from 'node:fs'
import { BpfMap } from '../libbpf/map.ts'
import { enrollBy, livingAgent, openOwnProgram } from './own-programs.ts'
import * as pins from './pins.ts'

export interface Predecessor {
  /** The set's ABI, for example `v0`. */
  readonly abi: string
  /** Takes its deliveries over. For after the registration in our own set: nothing may start without its values. */
  readonly takeOver: () => void
  /** For OUTDATED_MS later, as in registration.ts. */
  readonly takeAwayValues: () => void
  readonly close: () => void
}

/** @throws Error when the agent of another version is alive: while it is, its set's programs are closed to us */
export function openPredecessors(scope: number): Predecessor[] {
  const before = pins.otherSets().filter(({ scopes }) => scopes.includes(scope))
  return before.map(({ abi }) => {
    if (hasAgent(abi, scope)) throw livingAgent(scope)
    const program = openOwnProgram(pins.programPin('agent_enroll', abi))
    return {
      abi,
      takeOver: () => takeOver(abi, program, scope),
      takeAwayValues: () => empty(abi, 'secret_values', scope),
      close: () => closeSync(program),
    }
  })
}

/**
 * Paths first, which anybody may take away who could become the agent: a set whose agent lives, but is us, would let a program
 * wait for values that we do not write. Maps with secrets open only for its agent.
 */
function takeOver(abi: string, program: number, scope: number): void {
  empty(abi, 'paths', scope)
  enrollBy(program, scope)
  empty(abi, 'slots', scope)
}

const hasAgent = (abi: string, scope: number): boolean =>
  withMap(abi, 'agents', (map) => map.keys().some((key) => key.readUInt32LE(0) === scope))

const empty = (abi: string, name: pins.SharedMap, scope: number): void =>
  withMap(abi, name, (map) => {
    for (const key of map.keys()) if (key.readUInt32LE(0) === scope) map.delete(key)
  })

function withMap<T>(abi: string, name: pins.SharedMap, use: (map: BpfMap) => T): T {
  const map = BpfMap.pinned(name, pins.mapPin(name, abi))
  try {
    return use(map)
  } finally {
    map.close()
  }
}
