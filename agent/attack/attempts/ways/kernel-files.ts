/**
 * Row 14: files that change the kernel for the whole machine, opened for writing and closed again. One word in the first ends
 * every refusal of the node, the next three name programs that the kernel runs outside of every scope.
 */
import { closeSync, constants, openSync, readdirSync, readFileSync } from 'node:fs'
import { type Attempt, empty, leaked, type Outcome, search, type Target } from '../../attempt.ts'
import { withMount } from '../mounts.ts'

const row14 = { row: 14, switch: 'always', proof: 'refusal' } as const

const FILES: Readonly<Record<string, string>> = {
  'write-ftrace-enabled': '/proc/sys/kernel/ftrace_enabled',
  'write-core-pattern': '/proc/sys/kernel/core_pattern',
  'write-modprobe': '/proc/sys/kernel/modprobe',
  'write-poweroff-cmd': '/proc/sys/kernel/poweroff_cmd',
  'write-sysrq': '/proc/sysrq-trigger',
  'write-power-state': '/sys/power/state',
  'write-huge-pages': '/sys/kernel/mm/transparent_hugepage/enabled',
}

export const kernelFileAttempts: readonly Attempt[] = [
  ...Object.entries(FILES).map(
    ([id, path]): Attempt => ({ ...row14, id, title: `open ${path} for writing`, run: () => opened(path) }),
  ),
  {
    ...row14,
    id: 'write-binfmt',
    title: 'open the register of binfmt_misc for writing, in a mount of its own',
    run: () => withMount('binfmt_misc', ['binfmt_misc', 'binfmt_misc', 0], (folder) => opened(`${folder}/register`)),
  },
  {
    row: 13,
    switch: 'always',
    proof: 'control',
    id: 'read-pins',
    title: 'read the files of pinned maps',
    run: readPins,
  },
]

function opened(path: string): Outcome {
  closeSync(openSync(path, constants.O_WRONLY))
  return leaked('opened')
}

const PINS = '/sys/fs/bpf/kernelseal'

/** The first refusal ends it. A folder that is not there is no proof: `impossible`. */
function readPins({ needle }: Target): Outcome {
  const maps = readdirSync(PINS, { recursive: true, withFileTypes: true }).filter(({ parentPath }) =>
    parentPath.endsWith('/maps'),
  )
  for (const { parentPath, name } of maps) {
    const found = search(readFileSync(`${parentPath}/${name}`), needle, `the file of ${name}`)
    if (found.kind === 'leaked') return found
  }
  return empty(`${maps.length} files of maps`)
}
