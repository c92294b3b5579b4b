/**
 * Row 7: children of the bound program. A child has no binding: it gets the variables that the program hands on
 * (`children: scrub`, the default of a binding that names a binary).
 */
import type { Attempt } from '../attempt.ts'
import { judgeSaid, shellOf, speak } from './child-output.ts'

const row7 = { row: 7, starts: true, switch: 'always' } as const

export const childAttempts: readonly Attempt[] = [
  child('child-fork', 'env as a child of the bound program', 'env; :'),
  child('child-exec', 'env in place of the bound program', 'exec env'),
  child('child-shell', 'sh -c env as a child of the bound program', 'sh -c "env; :"; :'),
  child('child-self-environ', 'a child that reads its own /proc/self/environ', 'cat /proc/self/environ; :'),
  {
    ...child(
      'child-sibling',
      'a child that reads the environ of a fork of the bound program',
      '(while :; do sleep 1; done) & cat /proc/$!/environ; kill $!',
    ),
    proof: 'refusal',
  },
]

function child(id: string, title: string, script: string): Attempt {
  return { ...row7, id, title, proof: 'absence', run: (t) => judgeSaid(speak(t, shellOf(t), ['-c', script]), t) }
}
