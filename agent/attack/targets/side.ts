/** One side of the contrast, without protection or with it: every attacker tries everything there. */

import type { Outcome, Target } from '../attempt.ts'
import { attemptsById } from '../attempts/suite.ts'
import { attack, type Outcomes } from '../runner/attacker.ts'
import { type Attacker, type AttackerName, byVictim } from '../runner/attackers.ts'
import type { Identity } from '../runner/identity.ts'
import { numberOfTracepoint } from '../runner/tracepoint.ts'
import type { Canary } from './canary.ts'

export interface Side {
  /** The programs bound beside the canary's own. */
  readonly bound: Pick<Target, 'shell' | 'pinned'>
  /** Starts a canary; the caller closes it. @param argv the bound program's arguments, if not a canary's */
  start(victim: Identity, argv?: readonly string[]): Promise<Canary>
  /** The agent to attack, started again where an attack has ended a stand-in. */
  agentPid(): Promise<number>
  /** @throws Error if nothing can be concluded from the outcomes since the last time */
  verify(outcomes: Outcomes): Promise<void>
  /** Idempotent. */
  close(): Promise<void>
}

export interface Attack {
  readonly attackers: readonly Attacker[]
  readonly ids: readonly string[]
  /** As in `Target`. */
  readonly disruptive?: boolean
  readonly onOutcome?: (attacker: AttackerName, id: string, outcome: Outcome) => void
}

export type SideOutcomes = ReadonlyMap<AttackerName, Outcomes>

/**
 * One attacker after the other, since some attempts exclude each other; attempts that end the agent come when all
 * others are done.
 */
export async function attackSide(side: Side, { attackers, ...attack }: Attack): Promise<SideOutcomes> {
  const ending = attemptsById(attack.ids).filter(({ endsAgent }) => endsAgent)
  const last = ending.map(({ id }) => id)
  const first = { ...attack, ids: attack.ids.filter((id) => !last.includes(id)) }
  const found: [AttackerName, Outcomes][] = []
  for (const [victim, group] of byVictim(attackers)) found.push(...(await attackVictim(side, victim, group, first)))
  if (last.length === 0) return new Map(found)
  const victim = attackers[0]!.victim
  const ends = new Map(await attackVictim(side, victim, attackers, { ...attack, ids: last }, false))
  return new Map(found.map(([name, outcomes]) => [name, new Map([...outcomes, ...ends.get(name)!])]))
}

async function attackVictim(
  side: Side,
  victim: Identity,
  attackers: readonly Attacker[],
  { ids, disruptive = false, onOutcome }: Omit<Attack, 'attackers'>,
  verified = true,
): Promise<[AttackerName, Outcomes][]> {
  const canary = await side.start(victim)
  const found: [AttackerName, Outcomes][] = []
  try {
    for (const { name, identity } of attackers) {
      const tracepoint = numberOfTracepoint('syscalls/sys_enter_chdir')
      const about = { agentPid: await side.agentPid(), disruptive, ...(tracepoint && { tracepoint }) }
      const target = { ...startable(canary.target, side.bound), ...about }
      const outcomes = await attack(target, identity, ids, (id, outcome) => onOutcome?.(name, id, outcome))
      if (verified) await side.verify(outcomes)
      found.push([name, outcomes])
    }
    return found
  } finally {
    await canary.close()
  }
}

/** Attempts that start the program themselves start a shell, where there is one: it is there at once, and has a small core. */
function startable(target: Target, bound: Side['bound']): Target {
  const { start } = target
  if (bound.shell === undefined || start === undefined) return { ...target, ...bound }
  return { ...target, ...bound, start: { ...start, argv: [bound.shell, '-c', SPIN] } }
}

/** It runs all the time: perf samples only running tasks. */
const SPIN = 'while :; do :; done'
