/**
 * The kernel programs: chosen, loaded, attached, and this process enrolled as their agent. A program that does not
 * load or attach is an error; there is no partial protection.
 */
import { readFileSync } from 'node:fs'
import { kernelFunctions, readLayouts } from '../libbpf/btf.ts'
import { BpfError } from '../libbpf/error.ts'
import * as ffi from '../libbpf/ffi.ts'
import { type BpfObject, loadObject } from '../libbpf/object.ts'
import { COUNTERS, type Counter } from '../wire/constants.ts'
import { layoutDifferences, STRUCTS } from '../wire/layout.ts'
import { u32 } from './entries.ts'

export type Tier = 'lsm' | 'fmod_ret'

export const OBJECT_PATH = new URL('../../bpf/build/kernelseal.bpf.o', import.meta.url).pathname

export interface Guard {
  readonly tier: Tier
  readonly object: BpfObject
  /** Names of the attached programs. */
  readonly programs: readonly string[]
  /** Makes this process the agent of a scope: from here on it is guarded like a sealed process, and more. */
  readonly enroll: (scope: number) => void
  readonly counters: () => Record<Counter, number>
  readonly close: () => void
}

/** Maps whose content nobody but the agent may read. */
const SECRET_MAPS = ['secret_values', 'slots']

/** @throws BpfError when a program does not load or attach, Error when object and agent do not fit together */
export function loadGuard(path = OBJECT_PATH, tier = chooseTier()): Guard {
  proveLayouts(path)
  const hasPostOpen = kernelFunctions([POST_OPEN]).has(POST_OPEN)
  const object = loadObject(path, {
    wanted: (name, section) => belongsTo(tier, section) && (hasPostOpen || !name.startsWith('guard_opened')),
    constants: { has_file_post_open: Number(hasPostOpen) },
  })
  try {
    for (const name of SECRET_MAPS) object.map('guarded_maps').set(u32(object.map(name).id()), u32(1))
    for (const id of object.programIds()) object.map('guarded_programs').set(u32(id), u32(1))
    const programs = object.attach()
    const enroll = (scope: number): void => enrollSelf(object, scope)
    return { tier, object, programs, enroll, counters: () => readCounters(object), close: object.close }
  } catch (error) {
    object.close()
    throw error
  }
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

function enrollSelf(object: BpfObject, scope: number): void {
  const context = Buffer.alloc(8)
  context.writeBigUInt64LE(BigInt(scope))
  const result = ffi.runProgram(object.programFd('agent_enroll'), context)
  if (result !== 0) throw new BpfError('bpf_prog_test_run_opts', -result, `enroll the agent in scope ${scope}`)
}

function readCounters(object: BpfObject): Record<Counter, number> {
  const cpus = ffi.possibleCpus()
  const perCpu = Buffer.alloc(8 * cpus)
  const counters = {} as Record<Counter, number>
  COUNTERS.forEach((name, i) => {
    ffi.mapLookup(object.map('counters').fd, u32(i), perCpu)
    let sum = 0
    for (let cpu = 0; cpu < cpus; cpu++) sum += Number(perCpu.readBigUInt64LE(cpu * 8))
    counters[name] = sum
  })
  return counters
}
