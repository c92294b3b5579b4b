/**
 * After the namespace has ended: nothing of it stays in the kernel, and our programs stay only if another scope uses
 * them.
 */

import { uncoverProc } from '../linux/namespaces.ts'
import { pinnedGuard } from '../node/guard.ts'
import { scopesOf } from '../scope/scope.ts'
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
  if (scope !== undefined && stands(scope)) endScope(scope)
  await unpinUnused()
}

/** Mostly it does not: an enrolment in a scope that has ended would leave entries of its own. */
function stands(scope: number): boolean {
  const guard = pinnedGuard()
  const isThere = guard !== undefined && scopesOf(guard).includes(scope)
  guard?.close()
  return isThere
}

/** An agent alone writes there, and the namespace's is gone. */
function endScope(scope: number): void {
  const guard = pinnedGuard('write')
  guard?.enroll(scope)
  guard?.map('scopes').delete(u32(scope))
  guard?.close()
}
