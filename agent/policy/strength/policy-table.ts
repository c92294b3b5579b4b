/**
 * The `policy` and `monitoring` blocks, one row a key: types, parser, defaults and the judgement of a change go by these tables. A key of
 * `Monitoring` without a row does not compile.
 */

import { DEFAULT_METRICS_PORT } from '../sidecar.ts'
import { KERNEL_CONTROL, type Mode, type Monitoring } from '../types.ts'
import { another, grants, harmless, lower, permission, protection, type Row, scale, type Weaker } from './row.ts'

/** From weakest to strongest. */
export const MODES = ['disabled', 'audit', 'enforce'] as const satisfies readonly Mode[]
/** `error` shows least: raised, it hides the lines about refusals and about weaker policies. */
export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const satisfies readonly Monitoring['logLevel'][]

/** `mode` decides the effect of a switched-on rule: nothing, report, or refuse. */
export const POLICY_TABLE = {
  mode: scale('mode', MODES, 'enforce'),
  blockEnviron: protection('blockEnviron', true),
  blockMem: protection('blockMem', true),
  blockMaps: protection('blockMaps', false),
  blockPtrace: protection('blockPtrace', true),
  // Signals and sockets by which strangers open and enter a runtime's debugging door.
  blockDebugSignals: protection('blockDebugSignals', true),
  allowSelfRead: permission('allowSelfRead', true),
  auditAll: protection('auditAll', false),
  // On, programs that are given nothing start without an event.
  kernelBinaryFilter: permission('kernelBinaryFilter', true),
  // What the scope may change of the kernel itself, beyond what its namespaces hold; in the order of KERNEL_CONTROL.
  kernelControl: grants('kernelControl', KERNEL_CONTROL),
}

type Table = typeof POLICY_TABLE
export type Policy = { readonly [Key in keyof Table]: Table[Key] extends Row<infer Value> ? Value : never }

export const POLICY_KEYS = Object.keys(POLICY_TABLE) as (keyof Policy)[]
/** The keys with the values on and off. */
export type Switch = { [Key in keyof Policy]: Policy[Key] extends boolean ? Key : never }[keyof Policy]

export const DEFAULT_POLICY = Object.fromEntries(
  Object.entries(POLICY_TABLE).map(([key, { otherwise }]) => [key, otherwise]),
) as unknown as Policy

export const WEAKER_POLICY = Object.fromEntries(
  Object.entries(POLICY_TABLE).map(([key, { weaker }]) => [key, weaker]),
) as { readonly [Key in keyof Policy]-?: Weaker<Policy[Key]> }

export const DEFAULT_MONITORING: Monitoring = { enabled: true, metricsPort: DEFAULT_METRICS_PORT, logLevel: 'info' }

export const WEAKER_MONITORING: { readonly [Key in keyof Monitoring]-?: Weaker<Monitoring[Key]> } = {
  enabled: (before, after) => (before && !after ? '`monitoring.enabled` off' : undefined),
  // Scrapers use the port that the Pod was admitted with, and so does the kubelet's probe.
  metricsPort: another('`metricsPort` is another'),
  logLevel: lower('logLevel', LOG_LEVELS),
  // It has no effect in this version.
  auditLog: harmless,
}
