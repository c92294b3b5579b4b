/**
 * The kernel programs, chosen for this kernel, loaded and attached. One that does not load or attach is an error; there is no
 * partial protection.
 */

import { kernelFunctions, readLayouts } from '../libbpf/btf.ts'
import { BpfError } from '../libbpf/error.ts'
import { type BpfObject, loadObject } from '../libbpf/object.ts'
import { activeLsms, lockdownLevel } from '../linux/securityfs.ts'
import { u32 } from '../wire/encode.ts'
import { GUARDED_MAP, STRUCTS } from '../wire/generated.ts'
import { layoutDifferences } from '../wire/layout.ts'
import { pinDevice } from './pins.ts'
import { harmlessPmus, probePmus } from './pmus.ts'

export type Tier = 'lsm' | 'fmod_ret'
/** The writer of the values: the kernel itself, or the agent while the process is stopped. */
export type DeliveryTier = 'kernel' | 'stopped'

export const OBJECT_PATH = new URL('../../bpf/build/kernelseal.bpf.o', import.meta.url).pathname

/** Maps with content that only an agent may read; `pieces` holds the last string read of an environment. */
const SECRET_MAPS = ['secret_values', 'needles', 'sieves', 'slots', 'pieces']

export interface Loaded {
  readonly object: BpfObject
  readonly tier: Tier
  readonly delivery: DeliveryTier
  readonly programs: readonly string[]
}

/** @throws BpfError when a program does not load or attach, Error when object and agent do not fit together */
export function load(tier = chooseTier()): Loaded {
  proveLayouts(OBJECT_PATH)
  const { object, delivery } = loadForDelivery(tier)
  try {
    for (const name of object.mapNames()) {
      const kind = SECRET_MAPS.includes(name) ? GUARDED_MAP.SECRET : GUARDED_MAP.OURS
      object.map('guarded_maps').set(u32(object.map(name).id()), u32(kind))
    }
    for (const id of object.programIds()) object.map('guarded_programs').set(u32(id), u32(1))
    for (const list of ['guarded_maps', 'guarded_programs']) object.map(list).freeze()
    return { object, tier, delivery, programs: object.attach() }
  } catch (error) {
    object.close()
    throw error
  }
}

/**
 * Under lockdown=integrity the verifier refuses the helper that writes (LOCKDOWN_BPF_WRITE_USER). Where the level cannot be
 * read, trying tells.
 */
function loadForDelivery(tier: Tier): Pick<Loaded, 'object' | 'delivery'> {
  const features = kernelFeatures()
  const loadAs = (canWrite: number): BpfObject =>
    loadObject(OBJECT_PATH, {
      wanted: (name) => isWanted(name, tier, features),
      constants: {
        can_write: canWrite,
        harmless_pmus: harmlessPmus(),
        probe_pmus: probePmus(),
        probes_unseen: features.probes ? 0 : 1,
        pin_device: pinDevice(),
      },
    })
  const level = lockdownLevel()
  if (level && level !== 'none') return { object: loadAs(0), delivery: 'stopped' }
  try {
    return { object: loadAs(1), delivery: 'kernel' }
  } catch (error) {
    if (!isHelperRefused(error)) throw error
    return { object: loadAs(0), delivery: 'stopped' }
  }
}

/** The verifier's message for a helper it does not give: before 6.9, and since (kernel/bpf/verifier.c, check_helper_call). */
function isHelperRefused(error: unknown): boolean {
  const text = error instanceof BpfError ? error.detail : ''
  return /(unknown func|program of this type cannot use helper) bpf_probe_write_user/.test(text)
}

/** Loads everything for a moment, to see whether it can be had. @returns the names of the programs */
export function tryGuard(): Omit<Loaded, 'object'> {
  const { object, ...loaded } = load()
  object.close()
  return loaded
}

interface KernelFeatures {
  /** file_post_open is called once an open has taken the memory it will read (fs/namei.c, do_open), from 6.8 on. */
  readonly postOpen: boolean
  /** The helper bpf_loop, from 5.17 on. */
  readonly loops: boolean
  /** Programs for the entry points of perf_event_open(2) that there are. */
  readonly perfOpened: readonly string[]
  /** The function that sets a uprobe can be watched; in 5.10 nothing of perf's core can (kernel/events/Makefile). */
  readonly probes: boolean
  /** A core dump without a signal before it, up to 5.14; the function has this name until 6.15. */
  readonly doCoredump: boolean
  /** ioctl(2) of a 32-bit program has a hook of its own, from 6.8 on. */
  readonly compatIoctl: boolean
}

/** The entry points of perf_event_open(2), by the program that waits for their end (bpf/guard/perf/perf_guard.bpf.c). */
const PERF_OPEN = {
  perf_opened_x64: '__x64_sys_perf_event_open',
  perf_opened_ia32: '__ia32_sys_perf_event_open',
  perf_opened_arm64: '__arm64_sys_perf_event_open',
} as const

const COMPAT_IOCTL = 'security_file_ioctl_compat'

function kernelFeatures(): KernelFeatures {
  const asked = ['security_file_post_open', 'bpf_loop', 'do_coredump', 'perf_uprobe_event_init', COMPAT_IOCTL]
  const has = kernelFunctions([...asked, ...Object.values(PERF_OPEN)])
  const perfOpened = Object.entries(PERF_OPEN).flatMap(([program, entry]) => (has.has(entry) ? [program] : []))
  const [postOpen, loops] = [has.has('security_file_post_open'), has.has('bpf_loop')]
  const [doCoredump, probes] = [has.has('do_coredump'), has.has('perf_uprobe_event_init')]
  return { postOpen, loops, perfOpened, doCoredump, probes, compatIoctl: has.has(COMPAT_IOCTL) }
}

/** Names end in the tier they are for; the other tier's programs are the same bodies again. */
function isWanted(name: string, tier: Tier, features: KernelFeatures): boolean {
  const { postOpen, loops, perfOpened, doCoredump, probes, compatIoctl } = features
  if (name.endsWith('_lsm') && tier !== 'lsm') return false
  if (/_mod(_\d)?$/.test(name) && tier !== 'fmod_ret') return false
  if (name.startsWith('guard_opened_')) return postOpen
  if (name.startsWith('perf_opened_')) return perfOpened.includes(name.replace(/_2$/, ''))
  if (name.startsWith('perf_probed')) return probes
  if (name.startsWith('guard_dump')) return doCoredump
  if (name.startsWith('guard_old_request_')) return compatIoctl
  if (name.startsWith('deliver_')) return loops
  return !(name.startsWith('unlooped_') && loops)
}

/**
 * BPF LSM programs load and attach even where `bpf` is not in the LSM list, and are then never called
 * (security/security.c). Where the list cannot be read, fmod_ret is the choice that surely runs.
 */
function chooseTier(): Tier {
  return activeLsms()?.includes('bpf') ? 'lsm' : 'fmod_ret'
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
