/** How a host's scope ends or stays when its agent leaves. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '../events/sinks/log.ts'
import type { Guard } from '../node/guard.ts'
import { unpinSet } from '../node/pin-set.ts'
import * as pins from '../node/pins.ts'
import { processRecords, sealedIn } from '../node/process-records.ts'
import { scopesOf, unregister, withhold } from '../scope/scope.ts'

/** Until a start that was being given its values when they were withheld is sealed: microseconds, and a CPU may be busy. */
const STARTED_MS = 200

/**
 * A host's scope does not end by itself. With sealed processes left it stays, so that they stay sealed; without, it
 * goes, and with the last scope of the node everything that was loaded.
 */
export async function leaveHostScope(guard: Guard, scope: number, log: Log): Promise<void> {
  const left = sealedIn(processRecords(guard), scope)
  if (left > 0 && guard.origin !== 'own') {
    log.say('warn', 'STOP', `${left} sealed processes live on: protection stays; \`kernelseal unload\` ends it`, {
      left,
    })
    return
  }
  const restore = withhold(guard, scope)
  await sleep(STARTED_MS)
  if (guard.origin !== 'own' && sealedIn(processRecords(guard), scope) > 0) {
    restore()
    return leaveHostScope(guard, scope, log)
  }
  log.say('info', 'STOP', 'taking the scope away')
  unregister(guard, scope)
  if (guard.origin !== 'own') await pins.withLock(() => (scopesOf(guard).length ? undefined : unpinSet()))
}
