/**
 * The kernel programs of the node: adopted where they are pinned, else loaded and pinned. Makes this process an agent.
 */

import { closeSync } from 'node:fs'
import { globalOffset } from '../libbpf/btf.ts'
import { BpfError } from '../libbpf/error.ts'
import { BpfMap, type MapAccess } from '../libbpf/map.ts'
import { skippedRuns, skippedRunsOfLink } from '../libbpf/program.ts'
import { u32 } from '../wire/encode.ts'
import { enrollBy, type OwnPrograms, openOwnProgram, ownPrograms } from './enroll.ts'
import { type DeliveryTier, type Loaded, load, OBJECT_PATH, type Tier } from './load.ts'
import { otherSets, pinSet, unpinOther } from './pin-set.ts'
import * as pins from './pins.ts'

export interface Guard extends Pick<OwnPrograms, 'enroll' | 'setMode'> {
  readonly tier: Tier
  readonly delivery: DeliveryTier
  /** Names of the attached programs. */
  readonly programs: readonly string[]
  /** `pinned`: they stay when this process ends. */
  readonly origin: 'adopted' | 'pinned' | 'own'
  /** By program: how often the kernel skipped it, on the whole node. Without those it does not count for: none before 5.12. */
  readonly skipped: () => Map<string, number>
  /** Maps with secret content open only for an agent: enroll first. */
  readonly map: (name: pins.SharedMap) => BpfMap
  /** Closes the descriptors; the pins stay. */
  readonly close: () => void
}

/**
 * A set of another version stays beside ours as long as it has scopes.
 * @throws BpfError when a program does not load or attach, Error when object and agent do not fit together
 */
export async function openGuard(scope: number): Promise<Guard> {
  if (!pins.canPin()) return ownGuard(load())
  if (!pins.canLock()) enrollInPinned(scope)
  return pins.withLock(() => {
    for (const { abi, scopes } of otherSets()) if (!scopes.length) unpinOther(abi)
    return pins.isPinned() ? adopt('adopted') : loadAndPin()
  })
}

/**
 * Inside a scope the folder of the pins, which is the lock, opens for its agent alone: a successor enrols first, in every set
 * that may know the scope.
 * @throws Error when it is not the scope's successor
 */
function enrollInPinned(scope: number): void {
  for (const abi of pins.pinnedSets()) {
    const program = openOwnProgram(pins.programPin('agent_enroll', abi))
    try {
      enrollBy(program, scope)
    } finally {
      closeSync(program)
    }
  }
}

/** The pinned set. @param access `read`: no secret maps; `write` takes an enrolment */
export function pinnedGuard(access: MapAccess = 'read'): Guard | undefined {
  return pins.isPinned() ? adopt('adopted', access) : undefined
}

function loadAndPin(): Guard {
  const { object } = load()
  try {
    pinSet(object)
    return adopt('pinned')
  } finally {
    object.close()
  }
}

/** Without a bpf file system: as long as this process. */
function ownGuard({ object, tier, delivery, programs }: Loaded): Guard {
  const { enroll, setMode, settle } = ownPrograms(object.programFd)
  const map = (name: pins.SharedMap): BpfMap => changedInPlace(object.map(name), settle)
  const skipped = (): Map<string, number> => countSkipped(programs, (name) => skippedRuns(object.programFd(name)))
  return { tier, delivery, programs, origin: 'own', enroll, setMode, skipped, map, close: object.close }
}

function adopt(origin: 'adopted' | 'pinned', access: MapAccess = 'write'): Guard {
  const maps = new Map<string, BpfMap>()
  const map = (name: pins.SharedMap): BpfMap => {
    const open = maps.get(name) ?? changedInPlace(BpfMap.pinned(name, pins.mapPin(name), access), settle)
    maps.set(name, open)
    return open
  }
  const programs = pins.pinnedPrograms()
  const tier = programs.some((name) => name.endsWith('_lsm')) ? 'lsm' : 'fmod_ret'
  const opened: number[] = []
  const { enroll, setMode, settle } = ownPrograms((name) => {
    const fd = openOwnProgram(pins.programPin(name))
    opened.push(fd)
    return fd
  })
  const close = (): void => {
    for (const open of maps.values()) open.close()
    maps.clear()
    for (const fd of opened.splice(0)) closeSync(fd)
  }
  const skipped = (): Map<string, number> => countSkipped(programs, (name) => skippedRunsOfLink(pins.linkPin(name)))
  return { tier, delivery: pinnedDelivery(), programs, origin, enroll, setMode, skipped, map, close }
}

/** An entry that is replaced is free for another scope at once (kernel/bpf/hashtab.c), and hooks may be looking at it. */
class ScopesMap extends BpfMap {
  readonly #settle: OwnPrograms['settle']

  constructor({ name, fd, keySize, valueSize }: BpfMap, settle: OwnPrograms['settle']) {
    super(name, fd, keySize, valueSize)
    this.#settle = settle
  }

  override set(key: Buffer, value: Buffer): void {
    if (!this.#settle(key, value)) super.set(key, value)
  }
}

const changedInPlace = (map: BpfMap, settle: OwnPrograms['settle']): BpfMap =>
  map.name === 'scopes' ? new ScopesMap(map, settle) : map

type Runs = (program: string) => number | undefined

/**
 * A program that was taken away under us (`kernelseal unload --force`) has no number any more; readiness reports the
 * consequence.
 */
function countSkipped(programs: readonly string[], runsOf: Runs): Map<string, number> {
  const counts = new Map<string, number>()
  for (const name of programs) {
    try {
      const runs = runsOf(name)
      if (runs !== undefined) counts.set(name, runs)
    } catch (error) {
      if (!(error instanceof BpfError)) throw error
    }
  }
  return counts
}

/** The pinned programs' own constant says it. */
function pinnedDelivery(): DeliveryTier {
  const constants = BpfMap.pinned('constants', pins.constantsPin(), 'read')
  try {
    const at = globalOffset(OBJECT_PATH, '.rodata', 'can_write')
    return constants.get(u32(0))?.readUInt32LE(at) ? 'kernel' : 'stopped'
  } finally {
    constants.close()
  }
}
