/** The sweep's requests to the process of an attacker over stdin, and the answers, one JSON document a line. */
import type { Place, Tokens } from './needles.ts'

export interface SweepRequest {
  readonly pid: number
  /** Another process of the same kind, which nothing is done to: it is asked whether it is still protected. */
  readonly second: number
  readonly tokens: Tokens
  /** Whether anything that is shown is a finding. */
  readonly isProtected: boolean
  /** Decimal: the page of the target that has its environment. */
  readonly page: string
  /** The id of raw_syscalls:sys_enter in tracefs, which an attacker knows from another machine with that kernel. */
  readonly tracepoint: number
  readonly seed: number
  /** How long to go on, from the first step; the start of a process takes seconds of an emulated machine. */
  readonly milliseconds: number
  /** Where the process before this one ended. */
  readonly from: Position
}

export interface Position {
  readonly family: number
  readonly step: number
}

/** One thing that was found out. Distinct ways are distinct `way`s. */
export interface Finding {
  /** One file name, one system call, one sample bit: `file /proc/P/environ`, `call process_vm_readv`, `sample RAW`. */
  readonly way: string
  /** The rest of how, for a reader. Never the text found. */
  readonly how: string
  /** The place shown; `protection` where the second process lost its own. */
  readonly place: Place | 'protection'
}

/** How much was done in one family. */
export interface Tally {
  readonly family: string
  /** Steps there are, and steps that were taken. */
  readonly steps: number
  readonly taken: number
  /** Single calls in them. */
  readonly calls: number
}

export type Message =
  | { readonly at: Position; readonly label: string }
  | { readonly finding: Finding }
  /** A file that may be opened for writing. */
  | { readonly opened: string }
  | { readonly tally: Tally }
  /** The target has ended: by this process's doing, or of itself. */
  | { readonly lost: string }
