/**
 * The kernel programs of the node: adopted where they are pinned, else loaded and pinned. Makes this process an agent.
 */
import { closeSync } from 'node:fs'
import { globalOffset } from '../libbpf/btf.ts'
import { BpfError } from '../libbpf/error.ts'
import * as ffi from '../libbpf/ffi.ts'
import { BpfMap } from '../libbpf/map.ts'
import { u32 } from './entries.ts'
import { type DeliveryTier, type Loaded, load, OBJECT_PATH, type Tier } from './load.ts'
import * as pins from './pins.ts'

export interface Guard {
  readonly tier: Tier
  readonly delivery: DeliveryTier
  /** Names of the attached programs. */
  readonly programs: readonly string[]
  /** `pinned`: they stay when this process ends. */
  readonly origin: 'adopted' | 'pinned' | 'own'
  /** Makes this process the agent of a scope: from here on it is guarded like a sealed process, and more. */
  readonly enroll: (scope: number) => void
  /** Maps with secret content open only for an agent: enroll first. */
  readonly map: (name: pins.SharedMap) => BpfMap
  /** Closes the descriptors; what is pinned stays. */
  readonly close: () => void
}

/** @throws BpfError when a program does not load or attach, Error when object and agent do not fit together */
export async function openGuard(): Promise<Guard> {
  if (!pins.canPin()) return ownGuard(load())
  return pins.withLock(() => (pins.isPinned() ? adopt('adopted') : loadAndPin()))
}

/** The set that is pinned, for those who only look: no enrolment, no secret maps. */
export function pinnedGuard(): Guard | undefined {
  return pins.isPinned() ? adopt('adopted') : undefined
}

function loadAndPin(): Guard {
  const { object } = load()
  try {
    pins.pinSet(object)
    return adopt('pinned')
  } finally {
    object.close()
  }
}

/** Without a bpf file system: as long as this process. */
function ownGuard({ object, tier, delivery, programs }: Loaded): Guard {
  const enroll = (scope: number): void => enrollSelf(object.programFd('agent_enroll'), scope)
  return { tier, delivery, programs, origin: 'own', enroll, map: object.map, close: object.close }
}

function adopt(origin: 'adopted' | 'pinned'): Guard {
  const maps = new Map<string, BpfMap>()
  const map = (name: pins.SharedMap): BpfMap => {
    const open = maps.get(name) ?? BpfMap.pinned(name, pins.mapPin(name))
    maps.set(name, open)
    return open
  }
  const programs = pins.pinnedPrograms()
  const tier = programs.some((name) => name.endsWith('_lsm')) ? 'lsm' : 'fmod_ret'
  const close = (): void => {
    for (const open of maps.values()) open.close()
    maps.clear()
  }
  return { tier, delivery: pinnedDelivery(), programs, origin, enroll: enrollByPin, map, close }
}

/** The pinned programs' own constant says it. */
function pinnedDelivery(): DeliveryTier {
  const constants = BpfMap.pinned('constants', pins.constantsPin())
  try {
    const at = globalOffset(OBJECT_PATH, '.rodata', 'can_write')
    return constants.get(u32(0))?.readUInt32LE(at) ? 'kernel' : 'stopped'
  } finally {
    constants.close()
  }
}

function enrollByPin(scope: number): void {
  const fd = ffi.openPin(pins.enrollPin())
  if (fd === -EPERM) throw new Error(`scope ${scope}: ${CLOSED}`)
  if (fd < 0) throw new BpfError('bpf_obj_get', -fd, `open \`${pins.enrollPin()}\``)
  try {
    enrollSelf(fd, scope)
  } finally {
    closeSync(fd)
  }
}

const EPERM = 1
const EBUSY = 16

/** A living agent's programs are closed to the rest of its scope: on a host, to everybody (guard_program). */
const CLOSED = 'this process is inside a scope that has a living agent already; stop that one first, or leave it to it'

const livingAgent = (scope: number): Error =>
  new Error(`scope ${scope} has a living agent already: stop that one first, or leave it to it`)

function enrollSelf(fd: number, scope: number): void {
  const context = Buffer.alloc(8)
  context.writeBigUInt64LE(BigInt(scope))
  const result = ffi.runProgram(fd, context)
  if (result === -EBUSY) throw livingAgent(scope)
  if (result !== 0) throw new BpfError('bpf_prog_test_run_opts', -result, `enroll the agent in scope ${scope}`)
}
