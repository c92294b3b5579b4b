/** Removes the pinned set that an agent of a Pod leaves to the next one, where there is none. */
import { programOfLink } from '../libbpf/program.ts'
import { pinnedGuard } from '../node/guard.ts'
import { unpinSet } from '../node/pin-set.ts'
import * as pins from '../node/pins.ts'
import { scopesOf } from './scope.ts'

/** With the last scope of the node gone the pins have no user. @returns whether none are left */
export async function unpinUnused(): Promise<boolean> {
  if (!pins.canPin()) return true
  return pins.withLock(() => {
    const guard = pinnedGuard()
    if (!guard) return true
    const used = scopesOf(guard).length > 0
    guard.close()
    if (!used) unpinSet()
    return !used
  })
}

/** Numbers of the programs that the pins keep attached; none where there is no set, or it may not be looked at. */
export function pinnedProgramIds(): number[] {
  try {
    return pins.pinnedPrograms().map((name) => programOfLink(pins.linkPin(name)))
  } catch {
    return []
  }
}
