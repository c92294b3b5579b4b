/** Row 8: another file at the bound path, in a mount namespace of the attacker's own, which needs no privilege. */

import { existsSync } from 'node:fs'
import { type Attempt, Impossible, type Outcome, prepare, type Target } from '../attempt.ts'
import { control, judgeSaid, SAY, shellOf, speak } from '../attempts/child-output.ts'

export const foreignFileAttempts: readonly Attempt[] = [
  {
    id: 'foreign-mount',
    row: 8,
    starts: true,
    switch: 'always',
    proof: 'absence',
    title: 'another file mounted over the bound program (unshare -Urm)',
    run: mountedOver,
  },
]

/** Mounts the machine's shell over the bound one, and runs the file that then is at that path. */
function mountedOver(target: Target): Outcome {
  const shell = shellOf(target)
  const unshare = ['/usr/bin/unshare', '/bin/unshare'].find(existsSync)
  if (!unshare) throw new Impossible('there is no `unshare` here')
  control(target, shell)
  const script = 'mount --bind /bin/sh "$0" && exec "$0" -c "$1"'
  const said = prepare('namespaces', () => speak(target, unshare, ['-Urm', '/bin/sh', '-c', script, shell, SAY]))
  if (/unshare|mount/.test(said.complaints)) throw new Impossible(`namespaces: ${said.complaints.trim()}`)
  return judgeSaid(said, target)
}
