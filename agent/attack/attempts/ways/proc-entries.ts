/** Entries of /proc/P that no list of ours calls harmless, those that act on the process when written, and its open files. */
import { closeSync, constants, openSync, readFileSync, readlinkSync } from 'node:fs'
import { type Attempt, empty, leaked, type Outcome, type Target } from '../../attempt.ts'

const row2 = { row: 2, switch: 'blockMem', proof: 'refusal' } as const

/** fs/proc/base.c: each of them changes the process, though only opening is tried. */
const WRITABLE = ['oom_score_adj', 'clear_refs', 'coredump_filter', 'comm'] as const

export const procEntryAttempts: readonly Attempt[] = [
  ...WRITABLE.map((name) => ({
    ...row2,
    id: `${name.replaceAll('_', '-')}-write`,
    title: `open /proc/P/${name} for writing`,
    run: ({ pid }: Target) => openForWriting(`/proc/${pid}/${name}`),
  })),
  {
    ...row2,
    id: 'unlisted-entry',
    title: 'read /proc/P/coredump_filter, which no list calls harmless',
    run: ({ pid }) => read(`/proc/${pid}/coredump_filter`),
  },
  {
    row: 5,
    switch: 'blockMaps',
    proof: 'refusal',
    id: 'fd-reopen',
    title: 'open an open file again by /proc/P/fd/1',
    run: ({ pid }) => openAgain(`/proc/${pid}/fd/1`),
  },
  ...['fd', 'task/T/fd'].map(
    (folder): Attempt => ({
      row: 5,
      switch: 'blockMaps',
      proof: 'refusal',
      id: folder === 'fd' ? 'fd-name' : 'thread-fd-name',
      title: `read the name of an open file by the link /proc/P/${folder}/1`,
      run: ({ pid }) => readName(`/proc/${pid}/${folder.replace('T', String(pid))}/1`),
    }),
  ),
]

function openForWriting(path: string): Outcome {
  closeSync(openSync(path, constants.O_WRONLY))
  return leaked('opened for writing')
}

function read(path: string): Outcome {
  const { length } = readFileSync(path)
  return length > 0 ? leaked(`${length} bytes`) : empty('nothing in it')
}

function openAgain(path: string): Outcome {
  closeSync(openSync(path, 'r'))
  return leaked('opened what the target has open')
}

/** readlink(2) needs no listing of the folder: the numbers are guessed. */
function readName(path: string): Outcome {
  const { length } = readlinkSync(path)
  return leaked(`a name of ${length} characters`)
}
