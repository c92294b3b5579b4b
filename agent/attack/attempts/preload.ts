/** Row 9: a library of the attacker's in the bound program, by way of LD_PRELOAD, set by a child of the program. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Attempt, empty, type Outcome, prepare, search, type Target } from '../attempt.ts'
import { CANARY_VARIABLE } from '../targets/canary.ts'
import { spyLibrary } from '../targets/spy-library.ts'
import { shellOf, speak, variableOf } from './child-output.ts'

export const preloadAttempts: readonly Attempt[] = [
  {
    id: 'preload-by-child',
    row: 9,
    starts: true,
    switch: 'always',
    proof: 'absence',
    title: 'a child starts the bound program with LD_PRELOAD',
    run: byChild,
  },
]

/** The child has no value, but knows the placeholder to put in its place. */
function byChild(target: Target): Outcome {
  const shell = shellOf(target)
  return withLibrary((library) => {
    const again = `${CANARY_VARIABLE}='${variableOf(target)}' LD_PRELOAD=${library} exec ${shell} -c :`
    const { output } = speak(target, shell, ['-c', 'sh -c "$0"; :', again])
    return judgeSpied(output, target)
  })
}

/** The library has to have spoken: a shell that does not take it proves nothing. */
export function judgeSpied(output: Buffer, { needle }: Target): Outcome {
  const found = search(output, needle, 'what the library saw')
  if (found.kind === 'leaked') return found
  if (!output.includes(`${CANARY_VARIABLE}=`)) throw new Error('control failed: the preloaded library did not run')
  return empty(found.kind === 'empty' ? found.detail : '')
}

/** Readable for every user: it is loaded under any identity. */
export function withLibrary<T>(use: (path: string) => T): T {
  const directory = prepare('temporary directory', () => mkdtempSync(join(tmpdir(), 'kernelseal-attack-')))
  try {
    const path = join(directory, 'spy.so')
    writeFileSync(path, spyLibrary())
    return use(path)
  } finally {
    rmSync(directory, { recursive: true })
  }
}
