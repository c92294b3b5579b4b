/** What an agent of a Pod leaves to the next one, taken away where there is none. */
import { pinnedGuard } from '../kernel/guard.ts'
import * as pins from '../kernel/pins.ts'
import { scopesOf } from '../kernel/scope.ts'

/** With the last scope of the node gone nobody needs what is pinned. */
export async function unpinUnused(): Promise<void> {
  if (!pins.canPin()) return
  await pins.withLock(() => {
    const guard = pinnedGuard()
    if (!guard) return
    const used = scopesOf(guard).length > 0
    guard.close()
    if (!used) pins.unpinSet()
  })
}
