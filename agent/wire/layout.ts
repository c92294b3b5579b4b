/**
 * The structures of bpf/lib/wire/ as field tables: byte offset and width of every field. `checkLayouts` compares them
 * with the object's BTF, at every start and in a unit test; a mismatch means that agent and object were built from
 * different sources, and is fatal.
 */
import type { StructLayout } from '../libbpf/btf.ts'

/** Width in bytes, or the fields of a nested structure. */
export type Fields = Readonly<Record<string, readonly [offset: number, width: number]>>

export interface Struct<F extends Fields = Fields> {
  readonly name: string
  readonly size: number
  readonly fields: F
}

const struct = <const F extends Fields>(name: string, size: number, fields: F): Struct<F> => ({ name, size, fields })

export const SCOPE = struct('ks_scope', 88, {
  mode: [0, 4],
  switches: [4, 4],
  entry_bindings: [8, 8],
  visitor_bindings: [16, 8],
  scrub_bindings: [24, 8],
  deny_bindings: [32, 8],
  generation: [40, 8],
  image_bindings: [48, 8],
  pinned_bindings: [56, 8],
  added_bindings: [64, 8],
  kernel_control: [72, 4],
  reserved: [76, 4],
  trusted_bindings: [80, 8],
})

export const PROCESS = struct('ks_process', 72, {
  start: [0, 8],
  bindings: [8, 8],
  pending: [16, 8],
  refused: [24, 8],
  scope: [32, 4],
  flags: [36, 4],
  container: [40, 8],
  generation: [48, 8],
  exec: [56, 8],
  pid: [64, 4],
  reason: [68, 4],
})

export const CGROUP_PATH = struct('ks_cgroup_path', 256, { path: [0, 256] })
const AGENT = struct('ks_agent', 16, { task: [0, 8], start: [8, 8] })
export const COUNTERS_STRUCT = struct('ks_counters', 128, { n: [0, 128] })
export const PATH_KEY = struct('ks_path_key', 268, {
  scope: [0, 4],
  generation: [4, 4],
  node: [8, 4],
  name: [12, 256],
})
export const PATH = struct('ks_path', 24, { bindings: [0, 8], anywhere: [8, 8], next: [16, 4], reserved: [20, 4] })
export const SLOT_KEY = struct('ks_slot_key', 40, { scope: [0, 4], generation: [4, 4], slot: [8, 32] })
export const ALTERNATIVE = struct('ks_alternative', 16, { bindings: [0, 8], value: [8, 4], length: [12, 4] })
export const SLOT = struct('ks_slot', 136, { capacity: [0, 4], count: [4, 4], alternatives: [8, 128] })
export const NAME_KEY = struct('ks_name_key', 72, { scope: [0, 4], generation: [4, 4], name: [8, 64] })
export const NAME = struct('ks_name', 16, { bindings: [0, 8], length: [8, 4], reserved: [12, 4] })
export const NUMBER_KEY = struct('ks_number_key', 12, { scope: [0, 4], generation: [4, 4], number: [8, 4] })
export const NUMBER = struct('ks_number', 40, { binding: [0, 32], retired: [32, 4], reserved: [36, 4] })
export const VALUE_KEY = struct('ks_value_key', 16, {
  scope: [0, 4],
  generation: [4, 4],
  value: [8, 4],
  chunk: [12, 4],
})
export const VALUE = struct('ks_value', 1024, { bytes: [0, 1024] })

export const NEEDLE_KEY = struct('ks_needle_key', 24, {
  scope: [0, 4],
  generation: [4, 4],
  rank: [8, 4],
  reserved: [12, 4],
  word: [16, 8],
})
export const NEEDLE = struct('ks_needle', 24, {
  bindings: [0, 8],
  value: [8, 4],
  length: [12, 4],
  offset: [16, 4],
  reserved: [20, 4],
})
export const SIEVE_KEY = struct('ks_sieve_key', 8, { scope: [0, 4], generation: [4, 4] })
export const SIEVE = struct('ks_sieve', 512, { bits: [0, 512] })

export const TASK = struct('ks_task', 48, {
  start: [0, 8],
  tgid: [8, 4],
  tid: [12, 4],
  ns_tgid: [16, 4],
  uid: [20, 4],
  flags: [24, 4],
  reserved: [28, 4],
  comm: [32, 16],
})

export const EVENT = struct('ks_event', 424, {
  time: [0, 8],
  kind: [8, 4],
  action: [12, 4],
  way: [16, 4],
  reason: [20, 4],
  scope: [24, 4],
  error: [28, 4],
  bindings: [32, 8],
  cgroup: [40, 8],
  duration: [48, 8],
  count: [56, 4],
  detail: [60, 4],
  parent_tgid: [64, 4],
  pid: [68, 4],
  actor: [72, 48],
  target: [120, 48],
  file: [168, 256],
})

export const WRITE = struct('ks_write', 48, {
  time: [0, 8],
  kind: [8, 4],
  value: [12, 4],
  start: [16, 8],
  tgid: [24, 4],
  capacity: [28, 4],
  address: [32, 8],
  generation: [40, 4],
  reserved: [44, 4],
})

export const STRUCTS: readonly Struct[] = [
  SCOPE,
  CGROUP_PATH,
  PROCESS,
  AGENT,
  COUNTERS_STRUCT,
  PATH_KEY,
  PATH,
  SLOT_KEY,
  ALTERNATIVE,
  SLOT,
  NAME_KEY,
  NAME,
  NUMBER_KEY,
  NUMBER,
  VALUE_KEY,
  VALUE,
  NEEDLE_KEY,
  NEEDLE,
  SIEVE_KEY,
  SIEVE,
  TASK,
  EVENT,
  WRITE,
]

/** The differences between our tables and the object's BTF, one sentence each; empty when there are none. */
export function layoutDifferences(layouts: ReadonlyMap<string, StructLayout>): string[] {
  return STRUCTS.flatMap((s) => differencesOf(s, layouts.get(s.name)))
}

function differencesOf(ours: Struct, theirs: StructLayout | undefined): string[] {
  if (!theirs) return [`struct ${ours.name} is missing`]
  const wrong = ours.size === theirs.size ? [] : [`struct ${ours.name} has ${theirs.size} bytes, not ${ours.size}`]
  for (const [field, [offset]] of Object.entries(ours.fields)) {
    const at = theirs.offsets.get(field)
    if (at !== offset) wrong.push(`${ours.name}.${field} is at ${at ?? 'no offset'}, not ${offset}`)
  }
  for (const field of theirs.offsets.keys()) {
    if (!(field in ours.fields)) wrong.push(`${ours.name}.${field} is unknown to the agent`)
  }
  return wrong
}
