/** Kernel bytes → events. An unknown kind is a value too, and is counted. */
import { ACTION_NAMES, type Action, REASONS, WAY_NAMES } from './constants.ts'
import type { Common, KernelEvent, Task, WriteEvent } from './event.ts'
import { ACCESS, EVENT, EXEC, FAIL, INJECT, KIND, ODD, PROC_FLAG, SCRUB, TASK, WAIT, WORK, WRITE } from './generated.ts'

/** A structure of generated.ts, as far as it is read here. */
type Field = readonly [offset: number, width: number]
interface Kind {
  readonly size: number
  /** @param bytes at least `size` of them */
  readonly decode: (bytes: Buffer) => KernelEvent
}

/** What bpf/lib/wire/event.h says of each kind; one that is forgotten here does not compile. */
const KINDS: Readonly<Record<(typeof KIND)[keyof typeof KIND], Kind>> = {
  [KIND.EXEC]: {
    size: EXEC.size,
    decode: (bytes) => ({ kind: 'exec', ...common(bytes), file: text(bytes, EXEC.fields.file) }),
  },
  [KIND.INJECT]: { size: INJECT.size, decode: injected },
  [KIND.FAIL]: { size: FAIL.size, decode: failed },
  [KIND.ACCESS]: { size: ACCESS.size, decode: accessed },
  [KIND.SCRUB]: { size: SCRUB.size, decode: scrubbed },
  [KIND.ODD]: { size: ODD.size, decode: odd },
  [KIND.WAIT]: { size: WAIT.size, decode: waits },
  [KIND.WRITE]: { size: WRITE.size, decode: write },
}
const kinds = new Map(Object.entries(KINDS).map(([number, kind]) => [Number(number), kind]))

/** @param bytes one record of a ring buffer: time and kind first, whatever it is */
export function decodeEvent(bytes: Buffer): KernelEvent {
  if (bytes.length < EVENT_BEGINS) return { kind: 'unknown', number: -1 }
  const number = u32(bytes, EVENT.fields.kind)
  const known = kinds.get(number)
  if (!known) return { kind: 'unknown', number }
  return bytes.length < known.size ? { kind: 'unknown', number: -1 } : known.decode(bytes)
}

/** Bytes up to the kind's end. */
const EVENT_BEGINS = EVENT.fields.kind[0] + EVENT.fields.kind[1]

const u32 = (bytes: Buffer, [at]: Field): number => bytes.readUInt32LE(at)
const u64 = (bytes: Buffer, [at]: Field): bigint => bytes.readBigUInt64LE(at)
const action = (bytes: Buffer, field: Field): Action => ACTION_NAMES[u32(bytes, field)] ?? 'allowed'

function common(bytes: Buffer): Common {
  const { time, scope, actor, cgroup, parent_tgid } = EVENT.fields
  return {
    time: u64(bytes, time),
    scope: u32(bytes, scope),
    actor: task(bytes, actor),
    cgroup: u64(bytes, cgroup),
    parentPid: u32(bytes, parent_tgid),
  }
}

function injected(bytes: Buffer): KernelEvent {
  const { file, bindings, count, duration } = INJECT.fields
  return {
    kind: 'inject',
    ...common(bytes),
    file: text(bytes, file),
    bindings: u64(bytes, bindings),
    values: u32(bytes, count),
    duration: u64(bytes, duration),
  }
}

function failed(bytes: Buffer): KernelEvent {
  const { file, bindings, reason, error, action: fate } = FAIL.fields
  return {
    kind: 'fail',
    ...common(bytes),
    file: text(bytes, file),
    bindings: u64(bytes, bindings),
    action: action(bytes, fate),
    reason: REASONS[u32(bytes, reason)]?.[0] ?? 'ok',
    error: bytes.readInt32LE(error[0]),
  }
}

function accessed(bytes: Buffer): KernelEvent {
  const { action: verdict, way, detail, target, bindings } = ACCESS.fields
  return {
    kind: 'access',
    ...common(bytes),
    action: action(bytes, verdict),
    way: WAY_NAMES[u32(bytes, way)] ?? 'none',
    detail: u32(bytes, detail),
    target: task(bytes, target),
    bindings: u64(bytes, bindings),
  }
}

function scrubbed(bytes: Buffer): KernelEvent {
  const { file, count } = SCRUB.fields
  return { kind: 'scrub', ...common(bytes), file: text(bytes, file), values: u32(bytes, count) }
}

function odd(bytes: Buffer): KernelEvent {
  const { start, bindings } = ODD.fields
  return { kind: 'odd', ...common(bytes), file: text(bytes, start), bindings: u64(bytes, bindings) }
}

function waits(bytes: Buffer): KernelEvent {
  const { file, bindings, pid, key, work } = WAIT.fields
  const asked = u32(bytes, work)
  return {
    kind: 'wait',
    ...common(bytes),
    file: text(bytes, file),
    bindings: u64(bytes, bindings),
    pid: u32(bytes, pid),
    key: u64(bytes, key),
    unproved: (asked & WORK.PROVE) !== 0,
    adds: (asked & WORK.ADD) !== 0,
  }
}

function write(bytes: Buffer): WriteEvent {
  const { tgid, start, value, generation, capacity, address } = WRITE.fields
  return {
    kind: 'write',
    pid: u32(bytes, tgid),
    start: u64(bytes, start),
    value: u32(bytes, value),
    generation: u32(bytes, generation),
    capacity: u32(bytes, capacity),
    address: u64(bytes, address),
  }
}

/** @param field of the whole task in the event */
function task(bytes: Buffer, [at]: Field): Task {
  const inTask = ([offset, width]: Field): Field => [at + offset, width]
  const { flags, tgid, tid, ns_tgid, uid, comm, start } = TASK.fields
  const known = u32(bytes, inTask(flags))
  return {
    pid: u32(bytes, inTask(tgid)),
    tid: u32(bytes, inTask(tid)),
    nsPid: u32(bytes, inTask(ns_tgid)),
    uid: u32(bytes, inTask(uid)),
    comm: text(bytes, inTask(comm)),
    start: u64(bytes, inTask(start)),
    lineage: known & PROC_FLAG.WORKLOAD ? 'workload' : known & PROC_FLAG.VISITOR ? 'visitor' : 'unknown',
  }
}

/** Bytes up to the terminator; all but printable ASCII is escaped, since a program's name is an attacker's text. */
function text(bytes: Buffer, [at, width]: Field): string {
  const end = bytes.indexOf(0, at)
  const raw = bytes.toString('latin1', at, end < 0 || end > at + width ? at + width : end)
  return raw.replace(/[^\x20-\x7e]|\\/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`)
}
