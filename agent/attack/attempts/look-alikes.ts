/**
 * Row 8: programs that look like the bound one, started with its environment. Each attempt first has the bound program itself
 * say its value.
 */
import {
  chmodSync,
  closeSync,
  copyFileSync,
  linkSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { sys } from '../../linux/syscall.ts'
import { type Attempt, Impossible, type Outcome, prepare, type Target } from '../attempt.ts'
import { control, judgeSaid, SAY, shellOf, speak } from './child-output.ts'

const row8 = { row: 8, starts: true, switch: 'always', proof: 'absence' } as const

export const lookAlikeAttempts: readonly Attempt[] = [
  { ...row8, id: 'look-alike-copy', title: 'a copy of the bound program', run: (t) => atPlace(t, copyFileSync) },
  { ...row8, id: 'look-alike-hard-link', title: 'a hard link to it elsewhere', run: (t) => atPlace(t, linkSync) },
  { ...row8, id: 'look-alike-script', title: 'a script that has its name', run: (t) => atPlace(t, writeScript) },
  { ...row8, id: 'look-alike-argv0', title: 'another program with its path as argv[0]', run: byArgv0 },
  { ...row8, id: 'look-alike-memfd', title: 'a copy of it in memory (memfd)', run: byMemory },
  { ...row8, id: 'look-alike-replaced', title: 'another file at its path (verify: sha256)', run: replaced },
]

/** Makes the look-alike in a new directory, under the program's own name, and lets it speak. */
function atPlace(target: Target, make: (program: string, path: string) => void): Outcome {
  const shell = shellOf(target)
  control(target, shell)
  const directory = prepare('temporary directory', () => mkdtempSync(join(tmpdir(), 'kernelseal-attack-')))
  try {
    const path = join(directory, basename(shell))
    make(shell, path)
    chmodSync(path, 0o755)
    return judgeSaid(speak(target, path, ['-c', SAY]), target)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

function writeScript(_program: string, path: string): void {
  writeFileSync(path, `#!/bin/sh\n${SAY}\n`)
}

function byArgv0(target: Target): Outcome {
  const shell = shellOf(target)
  control(target, shell)
  return judgeSaid(speak(target, '/bin/sh', ['-c', SAY], { argv0: shell }), target)
}

/** Close-on-exec, but the path is resolved before that. */
function byMemory(target: Target): Outcome {
  const shell = shellOf(target)
  control(target, shell)
  const memory = prepare('memfd_create', () => sys('memfd_create', basename(shell), 1))
  try {
    writeSync(memory, readFileSync(shell))
    return judgeSaid(speak(target, `/proc/self/fd/${memory}`, ['-c', SAY]), target)
  } finally {
    closeSync(memory)
  }
}

/** An attacker who may write beside the program replaces it. The content is not the one the binding pins. */
function replaced(target: Target): Outcome {
  const { pinned } = target
  if (pinned === undefined) throw new Impossible('there is no program whose content is bound')
  control(target, pinned)
  const aside = join(dirname(pinned), 'aside')
  renameSync(pinned, aside)
  try {
    copyFileSync(aside, pinned)
    writeFileSync(pinned, '\0', { flag: 'a' }) // past the last section: it runs as before
    chmodSync(pinned, 0o755)
    return judgeSaid(speak(target, pinned, ['-c', SAY]), target)
  } finally {
    renameSync(aside, pinned)
  }
}
