/**
 * Row 13: the names of pins. One that is replaced or removed takes its program away with it, and one that runs the enrolling program is
 * the agent (bpf/track/agent_enroll.bpf.c). Without protection there are pins of no consequence to do it to; with it, an agent's.
 */
import { closeSync, existsSync, linkSync, readdirSync, renameSync, symlinkSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { sys } from '../../../linux/syscall.ts'
import { type Attempt, Impossible, leaked, type Outcome, prepare, type Target } from '../../attempt.ts'
import { bpf, pinned } from '../bpf-call.ts'

/** A pin that is there until the run without protection ends (agent/attack/targets/decoy.ts). */
export const DECOYS = '/sys/fs/bpf/kernelseal-decoy'
/** Of a living agent. */
const PINS = '/sys/fs/bpf/kernelseal'
const VERSIONS = Array.from({ length: 16 }, (_, n) => `v${n}`)
const NAMES = { links: ['guard_open_lsm', 'guard_open_mod'], programs: ['agent_enroll'] } as const
/** In the same file system, and nobody's. */
const BESIDE = `/sys/fs/bpf/attack-${process.pid}`
const AT_FDCWD = -100
/** include/uapi/linux/fs.h */
const RENAME_EXCHANGE = 2
const PROG_TEST_RUN = 10

const row13 = { row: 13, switch: 'always', proof: 'refusal' } as const

export const pinNameAttempts: readonly Attempt[] = [
  onLink('pin-replace', 'rename a link over a pin', (pin) => beside((name) => renameSync(name, pin))),
  onLink('pin-exchange', 'exchange a pin with a link', (pin) => beside((name) => exchange(name, pin))),
  onLink('pin-move', 'rename a pin to another place', (pin) => renameSync(pin, BESIDE)),
  onLink('pin-link', 'give a pin a second name', (pin) => linkSync(pin, BESIDE)),
  onLink('pin-remove', 'remove a pin', (pin) => unlinkSync(pin)),
  {
    ...row13,
    id: 'pin-enrol',
    title: 'run the pinned program by which an agent enrols',
    run: () => enrolled(pinOf('programs')),
  },
]

/** What it leaves is taken away: the next attacker takes the next pin. */
function onLink(id: string, title: string, act: (pin: string) => void): Attempt {
  const run = ({ disruptive }: Target) => {
    if (!disruptive) throw new Impossible('disruption was not asked for')
    const pin = pinOf('links')
    try {
      act(pin)
      return leaked(`done to ${pin}`)
    } finally {
      remove(BESIDE)
    }
  }
  return { ...row13, id, title, run }
}

/** Folders of living pins are not listed in a scope: their names are known. */
function pinOf(folder: keyof typeof NAMES): string {
  const decoys = join(DECOYS, folder)
  const pins = existsSync(decoys) ? readdirSync(decoys).map((name) => join(decoys, name)) : knownIn(folder)
  const [first] = pins.filter(existsSync)
  if (first === undefined) throw new Impossible('no pin to be found')
  return first
}

function knownIn(folder: keyof typeof NAMES): string[] {
  return VERSIONS.flatMap((version) => NAMES[folder].map((name) => join(PINS, version, folder, name)))
}

function beside(use: (name: string) => void): void {
  prepare('a link in bpffs', () => symlinkSync('nowhere', BESIDE))
  use(BESIDE)
}

/** File systems of memory know it from 5.15 on (simple_rename, fs/libfs.c). */
function exchange(name: string, pin: string): void {
  try {
    sys('renameat2', AT_FDCWD, name, AT_FDCWD, pin, RENAME_EXCHANGE)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EINVAL')
      throw new Impossible('this kernel’s bpffs exchanges no names')
    throw error
  }
}

function enrolled(pin: string): Outcome {
  const program = pinned(pin)
  try {
    bpf(PROG_TEST_RUN, (attr) => attr.writeUInt32LE(program, 0))
    return leaked('it ran')
  } finally {
    closeSync(program)
  }
}

function remove(name: string): void {
  try {
    unlinkSync(name)
  } catch {} // it was not made, or has taken the pin's place
}
