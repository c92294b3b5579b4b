/**
 * The policy of one scope: its annotations or its config file, after parsing. Everything behind these types has been
 * validated; nothing here reads a file or a kernel.
 */

import type { Policy } from './strength/policy-table.ts'

export type { Policy }

export type Mode = 'disabled' | 'audit' | 'enforce'

/** Settings below /proc/sys/vm and /proc/sys/fs, sysfs, others' control groups, disks, modules, open_by_handle_at(2), devices. */
export const KERNEL_CONTROL = [
  'sysctl-vm',
  'sysctl-fs',
  'sysfs',
  'cgroups',
  'block-devices',
  'modules',
  'file-handles',
  'devices',
] as const
export type KernelControl = (typeof KERNEL_CONTROL)[number]

/** Where a value comes from. `kind` is the key of the config file's `source` object. */
export type Source = Origin & {
  /** Line breaks at the value's end are not part of it; otherwise every byte is. */
  readonly trim?: true
}

type Origin =
  | { readonly kind: 'secretKeyRef'; readonly name: string; readonly key: string; readonly namespace?: string }
  | { readonly kind: 'fileRef'; readonly path: string }
  | { readonly kind: 'envRef'; readonly name: string }
  | { readonly kind: 'value'; readonly value: string }
  | { readonly kind: 'template'; readonly template: string }
  | { readonly kind: 'vaultRef'; readonly path: string; readonly key: string }

export interface SecretRef {
  /** Environment variable, `[A-Za-z_][A-Za-z0-9_]*`, never one the loader or the shell obeys. */
  readonly name: string
  readonly source: Source
  /** Size of the placeholder and so the longest value, in bytes: 96 to 65,536, 256 when the binding is silent. */
  readonly capacity: number
}

export interface Selector {
  /** Absolute path (that exact file), basename (weak), or absent: the container's entrypoint and its lineage. */
  readonly binary?: string
  /** Container name; absent: every container of the Pod. */
  readonly container?: string
  readonly lineage: 'workload' | 'any'
  readonly children: 'scrub' | 'inherit' | 'deny'
  /** `image`, or `sha256:` and 64 hex digits. */
  readonly verify?: string
  /** With `verify`: whether code that is not of the image may be mapped; absent: it may not. */
  readonly libraries?: 'image' | 'any'
  /** A program of the binding that brings no placeholder starts without the variables, or gets them added. */
  readonly withoutPlaceholder?: 'start' | 'add'
  readonly labels?: Readonly<Record<string, string>>
  readonly namespace?: string
  readonly cgroupPath?: string
}

/** Signals that make programs read their configuration anew; SIGQUIT is not among them, since it dumps core. */
export const ROTATE_SIGNALS = ['SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH', 'SIGINT', 'SIGTERM'] as const
type RotateSignal = (typeof ROTATE_SIGNALS)[number]

/** The notice to a process whose values change: none, a signal it handles, or SIGTERM, to end it. */
export type OnRotate = 'restart' | { readonly signal: RotateSignal }

export interface Binding {
  readonly name: string
  readonly selector: Selector
  readonly secretRefs: readonly SecretRef[]
  readonly onRotate?: OnRotate
  /** Set by the agent alone: no new process gets it, but processes that were given it may live. */
  readonly retired?: true
}

export interface Monitoring {
  readonly enabled: boolean
  readonly metricsPort: number
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error'
  readonly auditLog?: string
}

export interface Config {
  readonly version: 'v1'
  readonly policy: Policy
  readonly onFailure: 'kill' | 'start'
  readonly secrets: readonly Binding[]
  readonly monitoring: Monitoring
  /** Of a Pod alone: debug containers may be added while it runs, which the webhook decides by the same annotation. */
  readonly allowDebug?: true
}

/** One thing wrong with a config file or an annotation: its place, the constraint, the remedy. */
export interface Problem {
  readonly severity: 'error' | 'warning'
  /** Path of the key, for example `secrets[0].secretRefs[1].name`. */
  readonly path: string
  /** 1-based line in the text, when known. */
  readonly line?: number
  readonly message: string
  readonly hint?: string
}
