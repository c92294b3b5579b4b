/** Kernel bytes → events. An unknown kind is a value too, and is counted. */
import { ACTION_NAMES, type Action, REASONS, WAY_NAMES } from './constants.ts'
import type { Common, KernelEvent, Task, WriteEvent } from './event.ts'
import { EVENT, KIND, PROC_FLAG, TASK, WORK, WRITE } from './generated.ts'

/** @param bytes one record of the ring buffer, `struct ks_event` or `struct ks_write` */
export function decodeEvent(bytes: Buffer): KernelEvent {
  if (bytes.length >= WRITE.size && u32(bytes, WRITE.fields.kind[0]) === KIND.WRITE) return write(bytes)
  if (bytes.length < EVENT.size) return { kind: 'unknown', number: -1 }
  const number = u32(bytes, EVENT.fields.kind[0])
  switch (number) {
    case KIND.EXEC:
      return { kind: 'exec', ...common(bytes), file: file(bytes) }
    case KIND.INJECT:
      return { kind: 'inject', ...common(bytes), file: file(bytes), ...injected(bytes) }
    case KIND.FAIL:
      return { kind: 'fail', ...common(bytes), file: file(bytes), ...failed(bytes) }
    case KIND.ACCESS:
      return { kind: 'access', ...common(bytes), ...accessed(bytes) }
    case KIND.SCRUB:
      return { kind: 'scrub', ...common(bytes), file: file(bytes), values: u32(bytes, EVENT.fields.count[0]) }
    case KIND.ODD:
      return { kind: 'odd', ...common(bytes), file: file(bytes), bindings: bindings(bytes) }
    case KIND.WAIT:
      return { kind: 'wait', ...common(bytes), file: file(bytes), bindings: bindings(bytes), ...waited(bytes) }
    default:
      return { kind: 'unknown', number }
  }
}

const u32 = (bytes: Buffer, at: number): number => bytes.readUInt32LE(at)
const u64 = (bytes: Buffer, at: number): bigint => bytes.readBigUInt64LE(at)
const bindings = (bytes: Buffer): bigint => u64(bytes, EVENT.fields.bindings[0])
const action = (bytes: Buffer): Action => ACTION_NAMES[u32(bytes, EVENT.fields.action[0])] ?? 'allowed'
const file = (bytes: Buffer): string => text(bytes, EVENT.fields.file[0], EVENT.fields.file[1])

function common(bytes: Buffer): Common {
  return {
    time: u64(bytes, EVENT.fields.time[0]),
    scope: u32(bytes, EVENT.fields.scope[0]),
    actor: task(bytes, EVENT.fields.actor[0]),
    cgroup: u64(bytes, EVENT.fields.cgroup[0]),
    parentPid: u32(bytes, EVENT.fields.parent_tgid[0]),
  }
}

function injected(bytes: Buffer) {
  const values = u32(bytes, EVENT.fields.count[0])
  return { bindings: bindings(bytes), values, duration: u64(bytes, EVENT.fields.duration[0]) }
}

function failed(bytes: Buffer) {
  const reason = REASONS[u32(bytes, EVENT.fields.reason[0])]?.[0] ?? 'ok'
  const error = bytes.readInt32LE(EVENT.fields.error[0])
  return { bindings: bindings(bytes), action: action(bytes), reason, error }
}

function waited(bytes: Buffer) {
  const work = u32(bytes, EVENT.fields.detail[0])
  const pid = u32(bytes, EVENT.fields.pid[0])
  return { pid, unproved: (work & WORK.PROVE) !== 0, adds: (work & WORK.ADD) !== 0 }
}

function write(bytes: Buffer): WriteEvent {
  return {
    kind: 'write',
    pid: u32(bytes, WRITE.fields.tgid[0]),
    start: u64(bytes, WRITE.fields.start[0]),
    value: u32(bytes, WRITE.fields.value[0]),
    generation: u32(bytes, WRITE.fields.generation[0]),
    capacity: u32(bytes, WRITE.fields.capacity[0]),
    address: u64(bytes, WRITE.fields.address[0]),
  }
}

function accessed(bytes: Buffer) {
  return {
    action: action(bytes),
    way: WAY_NAMES[u32(bytes, EVENT.fields.way[0])] ?? 'none',
    detail: u32(bytes, EVENT.fields.detail[0]),
    target: task(bytes, EVENT.fields.target[0]),
    bindings: bindings(bytes),
  }
}

function task(bytes: Buffer, at: number): Task {
  const flags = u32(bytes, at + TASK.fields.flags[0])
  return {
    pid: u32(bytes, at + TASK.fields.tgid[0]),
    tid: u32(bytes, at + TASK.fields.tid[0]),
    nsPid: u32(bytes, at + TASK.fields.ns_tgid[0]),
    uid: u32(bytes, at + TASK.fields.uid[0]),
    comm: text(bytes, at + TASK.fields.comm[0], TASK.fields.comm[1]),
    start: u64(bytes, at + TASK.fields.start[0]),
    lineage: flags & PROC_FLAG.WORKLOAD ? 'workload' : flags & PROC_FLAG.VISITOR ? 'visitor' : 'unknown',
  }
}

/** Bytes up to the terminator; all but printable ASCII is escaped, since a program's name is an attacker's text. */
function text(bytes: Buffer, at: number, width: number): string {
  const end = bytes.indexOf(0, at)
  const raw = bytes.toString('latin1', at, end < 0 || end > at + width ? at + width : end)
  return raw.replace(/[^\x20-\x7e]|\\/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`)
}
