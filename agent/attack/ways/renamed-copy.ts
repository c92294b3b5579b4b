/** Row 7: the value under another name, in a child of the bound program: by a copy it makes itself, and by a pipe. */
import type { Attempt } from '../attempt.ts'
import { judgeSaid, shellOf, speak } from '../attempts/child-output.ts'
import { CANARY_VARIABLE } from '../targets/canary.ts'

const row7 = { row: 7, starts: true, switch: 'always', proof: 'absence' } as const

export const renamedCopyAttempts: readonly Attempt[] = [
  copy('child-renamed', 'a copy of the value under another name, in env', `COPY="a $${CANARY_VARIABLE} b" env; :`),
  copy(
    'child-by-pipe',
    'the value by a pipe to a child, which sets it before its own exec',
    `printf '%s\\n' "$${CANARY_VARIABLE}" | sh -c 'read -r v; COPY="$v" env; :'`,
  ),
]

function copy(id: string, title: string, script: string): Attempt {
  return { ...row7, id, title, run: (t) => judgeSaid(speak(t, shellOf(t), ['-c', script]), t) }
}
