/** The status of this node, read from the pins. */

import { type Counts, readCounters } from '../node/counters.ts'
import { pinnedGuard } from '../node/guard.ts'
import type { DeliveryTier, Tier } from '../node/load.ts'
import { type OtherSet, otherSets } from '../node/pin-set.ts'
import { livingAgents, processRecords, sealedIn } from '../node/process-records.ts'
import { MODE } from '../wire/constants.ts'
import { u32 } from '../wire/encode.ts'
import { SCOPE } from '../wire/generated.ts'
import { cgroupsOf } from './cgroup.ts'
import { scopesOf } from './scope.ts'

export interface ScopeSurvey {
  /** Inode number of the PID namespace, or the control group's number. */
  readonly scope: number
  /** The path of the control group that is the scope, if it is one. */
  readonly cgroup?: string
  readonly mode: string
  /** Whether its agent lives. Protection stands either way. */
  readonly agent: boolean
  /** Sealed processes alive. */
  readonly sealed: number
  readonly counts: Counts
}

export interface Survey {
  readonly tier: Tier
  readonly delivery: DeliveryTier
  readonly programs: readonly string[]
  readonly scopes: readonly ScopeSurvey[]
  /** Sets of other versions that still have scopes. */
  readonly others: readonly OtherSet[]
}

/** Undefined when nothing is pinned: no agent ran, or none could pin. */
export function surveyNode(): Survey | undefined {
  const guard = pinnedGuard()
  if (!guard) return undefined
  try {
    const agents = livingAgents(guard.map('agents'), guard.map('processes'))
    const records = processRecords(guard)
    const cgroups = cgroupsOf(guard)
    const scopes = scopesOf(guard).map((scope): ScopeSurvey => {
      const counts = readCounters(guard.map('counters'), scope)
      const number = guard.map('scopes').get(u32(scope))?.readUInt32LE(SCOPE.fields.mode[0])
      const mode = Object.entries(MODE).find(([, value]) => value === number)?.[0] ?? 'unknown'
      const cgroup = cgroups.get(scope)
      const known = { scope, mode, agent: agents.has(scope), sealed: sealedIn(records, scope), counts }
      return cgroup === undefined ? known : { ...known, cgroup }
    })
    return { tier: guard.tier, delivery: guard.delivery, programs: guard.programs, scopes, others: otherSets() }
  } finally {
    guard.close()
  }
}
