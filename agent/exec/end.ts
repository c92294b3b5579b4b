/**
 * After the namespace has ended: nothing of it stays in the kernel, and our programs stay only if another scope uses
 * them.
 */

import { uncoverProc } from '../linux/namespaces.ts'
import { pinnedGuard } from '../node/guard.ts'
import { unpinUnused } from '../scope/unpin-unused.ts'
import { u32 } from '../wire/encode.ts'

/**
 * The kernel ends a scope with its init, where the init's first thread is the last to go; of Node's threads it need not be.
 * The namespace is empty, so that no process loses its seal by this. The scope's entries in other maps go with the
 * pinned set, or with the next agent's start.
 * @param scope undefined: there was none yet
 */
export async function clearUp(scope: number | undefined): Promise<void> {
  uncoverProc()
  const guard = scope === undefined ? undefined : pinnedGuard('write')
  if (guard && scope !== undefined) {
    guard.enroll(scope) // an agent alone writes there; the namespace's is gone
    guard.map('scopes').delete(u32(scope))
    guard.close()
  }
  await unpinUnused()
}
