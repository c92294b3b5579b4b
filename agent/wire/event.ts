/** The kernel's reports and orders to the agent, as a discriminated union by `kind`. */
import type { Action, Reason, Way } from './constants.ts'

/** One side of an event. Numbers are of the initial namespaces, except `nsPid`. */
export interface Task {
  readonly pid: number
  readonly tid: number
  /** Number in its own PID namespace, as `ps` in the Pod shows it. */
  readonly nsPid: number
  readonly uid: number
  readonly comm: string
  /** Start of the process, ns since boot: with `pid` an identity that is never used twice. */
  readonly start: bigint
  readonly lineage: 'workload' | 'visitor' | 'unknown'
}

export interface Common {
  /** ns, CLOCK_MONOTONIC */
  readonly time: bigint
  readonly scope: number
  readonly actor: Task
  readonly cgroup: bigint
  readonly parentPid: number
}

interface ExecEvent extends Common {
  readonly kind: 'exec'
  readonly file: string
}
export interface InjectEvent extends Common {
  readonly kind: 'inject'
  readonly file: string
  readonly bindings: bigint
  readonly values: number
  /** ns between the exec point and the last value */
  readonly duration: bigint
}
export interface FailEvent extends Common {
  readonly kind: 'fail'
  readonly file: string
  readonly bindings: bigint
  readonly action: Action
  readonly reason: Reason
  /** Negative errno of the kernel helper, or 0. */
  readonly error: number
}
export interface AccessEvent extends Common {
  readonly kind: 'access'
  readonly action: Action
  readonly way: Way
  readonly detail: number
  readonly target: Task
  readonly bindings: bigint
}
interface ScrubEvent extends Common {
  readonly kind: 'scrub'
  readonly file: string
  /** Values taken out of the environment. */
  readonly values: number
}
/** A placeholder that was left alone, since it is not the whole value of a variable that is bound. */
interface OddEvent extends Common {
  readonly kind: 'odd'
  /** The string it stands in begins so: the variable's name, then `=`. */
  readonly file: string
  /** The binding whose placeholder it is. */
  readonly bindings: bigint
}
/** The agent is to write a value into a process that waits, and will be told by a `WaitEvent` when it has heard all. */
export interface WriteEvent {
  readonly kind: 'write'
  /** Of the process: its number in the initial PID namespace, and its start, ns since boot. */
  readonly pid: number
  readonly start: bigint
  /** Number in `secret_values` in that generation; 0: zeroes. */
  readonly value: number
  readonly generation: number
  /** Bytes to write: the value, then zeroes. */
  readonly capacity: number
  /** Of the first of them. */
  readonly address: bigint
}
export interface WaitEvent extends Common {
  readonly kind: 'wait'
  readonly file: string
  readonly bindings: bigint
  /** The agent has to prove the program's content before it writes. */
  readonly unproved: boolean
  /** It had no placeholder, and its variables are to be added. */
  readonly adds: boolean
  /** The process in the scope's PID namespace. */
  readonly pid: number
  /** Of its record in `processes`. */
  readonly key: bigint
}
interface UnknownEvent {
  readonly kind: 'unknown'
  readonly number: number
}
export type KernelEvent =
  | ExecEvent
  | InjectEvent
  | FailEvent
  | AccessEvent
  | ScrubEvent
  | OddEvent
  | WriteEvent
  | WaitEvent
  | UnknownEvent
