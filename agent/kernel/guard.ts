/**
 * The kernel programs of the node: adopted where they are pinned, else chosen, loaded, attached and pinned. A program
 * that does not load or attach is an error; there is no partial protection.
 */
import { closeSync, readFileSync } from 'node:fs'
import { kernelFunctions, readLayouts } from '../libbpf/btf.ts'
import { BpfError } from '../libbpf/error.ts'
import * as ffi from '../libbpf/ffi.ts'
import { BpfMap } from '../libbpf/map.ts'
import { type BpfObject, loadObject } from '../libbpf/object.ts'
import { layoutDifferences, STRUCTS } from '../wire/layout.ts'
import { u32 } from './entries.ts'
import * as pins from './pins.ts'

export type Tier = 'lsm' | 'fmod_ret'

export const OBJECT_PATH = new URL('../../bpf/build/kernelseal.bpf.o', import.meta.url).pathname

export interface Guard {
  readonly tier: Tier
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

/** Maps whose content nobody but an agent may read. */
const SECRET_MAPS = ['secret_values', 'slots']

/** @throws BpfError when a program does not load or attach, Error when object and agent do not fit together */
export async function openGuard(): Promise<Guard> {
  proveLayouts(OBJECT_PATH)
  if (!pins.canPin()) return ownGuard(load())
  return pins.withLock(() => (pins.isPinned() ? adopt('adopted') : loadAndPin()))
}

/** The set that is pinned, for those who only look: no enrolment, no secret maps. */
export function pinnedGuard(): Guard | undefined {
  return pins.isPinned() ? adopt('adopted') : undefined
}

/** Loads everything for a moment, to see whether it can be had. @returns the names of the programs */
export function tryGuard(): { tier: Tier; programs: readonly string[] } {
  const { object, tier, programs } = load()
  object.close()
  return { tier, programs }
}

interface Loaded {
  readonly object: BpfObject
  readonly tier: Tier
  readonly programs: readonly string[]
}

function load(tier = chooseTier()): Loaded {
  const hasPostOpen = kernelFunctions([POST_OPEN]).has(POST_OPEN)
  const object = loadObject(OBJECT_PATH, {
    wanted: (name, section) => belongsTo(tier, section) && (hasPostOpen || !name.startsWith('guard_opened')),
    constants: { has_file_post_open: Number(hasPostOpen) },
  })
  try {
    for (const name of SECRET_MAPS) object.map('guarded_maps').set(u32(object.map(name).id()), u32(1))
    for (const id of object.programIds()) object.map('guarded_programs').set(u32(id), u32(1))
    return { object, tier, programs: object.attach() }
  } catch (error) {
    object.close()
    throw error
  }
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
function ownGuard({ object, tier, programs }: Loaded): Guard {
  const enroll = (scope: number): void => enrollSelf(object.programFd('agent_enroll'), scope)
  return { tier, programs, origin: 'own', enroll, map: object.map, close: object.close }
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
  return { tier, programs, origin, enroll: enrollByPin, map, close }
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

/** Called once an open has taken what it will read (fs/namei.c, do_open), in kernels from 6.8 on. */
const POST_OPEN = 'security_file_post_open'

/** The other tier's programs are the same bodies again. */
function belongsTo(tier: Tier, section: string): boolean {
  if (section.startsWith('lsm/')) return tier === 'lsm'
  if (section.startsWith('fmod_ret/')) return tier === 'fmod_ret'
  return true
}

/**
 * BPF LSM programs load and attach even where `bpf` is not in the LSM list, and are then never called
 * (security/security.c). Where the list cannot be read, fmod_ret is what surely runs.
 */
function chooseTier(): Tier {
  return activeLsms()?.includes('bpf') ? 'lsm' : 'fmod_ret'
}

/** The kernel's active LSMs in order, or undefined when securityfs is not mounted. */
export function activeLsms(): string[] | undefined {
  try {
    return readFileSync('/sys/kernel/security/lsm', 'utf8').trim().split(',')
  } catch {
    return undefined
  }
}

function proveLayouts(path: string): void {
  const layouts = readLayouts(
    path,
    STRUCTS.map((s) => s.name),
  )
  const differences = layoutDifferences(layouts)
  if (!differences.length) return
  throw new Error(`\`${path}\` and the agent come from different sources; rebuild: ${differences.join('; ')}`)
}
