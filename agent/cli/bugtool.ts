/** `kernelseal bugtool`: all that a report of a fault needs from this node, as one document without any secret. */
import { readFileSync, writeFileSync } from 'node:fs'
import { release } from 'node:os'
import { VERSION } from '../config/version.ts'
import { examineNode } from '../doctor/checks.ts'
import { activeLsms, lockdownLevel } from '../linux/securityfs.ts'
import { command } from '../options/command.ts'
import { reasonOf } from '../options/file-fault.ts'
import type { NothingLeft, Values } from '../options/table.ts'
import { about } from '../options/version.ts'
import { surveyNode } from '../scope/status.ts'
import { EXIT } from './command.ts'
import { recentEvents } from './events.ts'

const TEXT = `Prints one JSON document for a report of a fault: versions, the kernel and its security modules, the findings of 'kernelseal doctor',
'kernelseal status', and the last events of this host's agents. No value of a secret, no environment, no command line and no config file
is in it; names of programs, paths and containers are. A part that cannot be had says why, and the others are there all the same.`

const PARTS = ['doctor', 'status', 'events'] as const

const OPTIONS = {
  output: {
    short: 'o',
    value: 'FILE',
    completes: 'files',
    help: 'a new file, for its owner alone, instead of standard output',
  },
  without: {
    value: 'PART',
    completes: PARTS,
    multiple: true,
    help: 'leave a part out; doctor loads the kernel programs for a moment',
  },
} as const

export const bugtool = command({
  name: 'bugtool',
  summary: 'one document for a report of a fault',
  usage: '[options]',
  text: TEXT,
  options: OPTIONS,
  exit: '0, 1 when the file cannot be written.',
  run: main,
})

async function main({ output, without = [], ...left }: Values<typeof OPTIONS>): Promise<number> {
  left satisfies NothingLeft
  const parts = {
    ...ALWAYS,
    ...Object.fromEntries(PARTS.filter((part) => !without.includes(part)).map((part) => [part, ASKED[part]])),
  }
  const text = `${JSON.stringify(await collect(parts), null, 2)}\n`
  if (output === undefined) process.stdout.write(text)
  else writeNew(output, text)
  return EXIT.ok
}

/** @throws Error where the path is taken: by a file that may be another's, or by a link */
function writeNew(path: string, text: string): void {
  try {
    writeFileSync(path, text, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const reason = code === 'ENOENT' ? 'its directory is missing' : reasonOf(error)
    if (code !== 'EEXIST') throw new Error(`cannot write \`${path}\`: ${reason}`, { cause: error })
    throw new Error(`\`${path}\` is there already, and may be of use: give --output the name of a new file`, {
      cause: error,
    })
  }
}

type Part = () => unknown

/** JSON has no place for what is undefined: the reader would take it for forgotten. */
const HIDDEN = { error: 'not told by /sys/kernel/security: is securityfs mounted?' }

const ALWAYS: Readonly<Record<string, Part>> = {
  time: () => new Date().toISOString(),
  version: () => about('kernelseal', VERSION),
  kernel: () => ({
    release: release(),
    lsm: activeLsms() ?? HIDDEN,
    lockdown: lockdownLevel() ?? HIDDEN,
    btf: hasBtf(),
  }),
}

const ASKED: Readonly<Record<(typeof PARTS)[number], Part>> = {
  doctor: examineNode,
  status: () => surveyNode() ?? { scopes: [] },
  events: async () => (await recentEvents()).map((line) => JSON.parse(line)),
}

/** @returns a part, or `{ error }` in its place: a report is wanted most where something is broken */
export async function collect(parts: Readonly<Record<string, Part>>): Promise<Record<string, unknown>> {
  const collected: Record<string, unknown> = {}
  for (const [name, part] of Object.entries(parts)) {
    collected[name] = await Promise.resolve()
      .then(part)
      .catch((error: unknown) => ({ error: (error as Error).message }))
  }
  return collected
}

function hasBtf(): boolean {
  try {
    return readFileSync('/sys/kernel/btf/vmlinux').length > 0
  } catch {
    return false
  }
}
