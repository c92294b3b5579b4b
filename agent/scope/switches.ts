/** The policy's switches and what it leaves of the kernel ⇄ bits of a scope's record. */
import type { Switch } from '../policy/strength/policy-table.ts'
import { type Config, KERNEL_CONTROL, type KernelControl, type Policy } from '../policy/types.ts'
import { CONTROL, SWITCH } from '../wire/generated.ts'

const BITS = {
  blockEnviron: SWITCH.BLOCK_ENVIRON,
  blockMem: SWITCH.BLOCK_MEM,
  blockMaps: SWITCH.BLOCK_MAPS,
  blockPtrace: SWITCH.BLOCK_PTRACE,
  blockDebugSignals: SWITCH.BLOCK_DEBUG,
  allowSelfRead: SWITCH.ALLOW_SELF_READ,
  auditAll: SWITCH.AUDIT_ALL,
  kernelBinaryFilter: SWITCH.BINARY_FILTER,
} as const satisfies Record<Switch, number>

const CONTROL_BITS = {
  'sysctl-vm': CONTROL.SYSCTL_VM,
  'sysctl-fs': CONTROL.SYSCTL_FS,
  sysfs: CONTROL.SYSFS,
  cgroups: CONTROL.CGROUPS,
  'block-devices': CONTROL.BLOCK_DEVICES,
  modules: CONTROL.MODULES,
  'file-handles': CONTROL.FILE_HANDLES,
} as const satisfies Record<KernelControl, number>

type Name = keyof typeof BITS
const NAMES = Object.keys(BITS) as Name[]

export function switchesOf({ policy, onFailure }: Pick<Config, 'policy' | 'onFailure'>, host: boolean): number {
  const chosen = NAMES.filter((name) => policy[name]).reduce((bits, name) => bits | BITS[name], 0)
  return chosen | (onFailure === 'start' ? SWITCH.START_ON_FAILURE : 0) | (host ? SWITCH.HOST : 0)
}

export const controlOf = ({ kernelControl }: Policy): number =>
  kernelControl.reduce((bits, name) => bits | CONTROL_BITS[name], 0)

/** The way back. @param control of `controlOf` */
export function policyOf(mode: Policy['mode'], bits: number, control: number): Pick<Config, 'policy' | 'onFailure'> {
  const switches = Object.fromEntries(NAMES.map((name) => [name, (bits & BITS[name]) !== 0])) as Record<Name, boolean>
  const kernelControl = KERNEL_CONTROL.filter((name) => (control & CONTROL_BITS[name]) !== 0)
  return { policy: { mode, ...switches, kernelControl }, onFailure: bits & SWITCH.START_ON_FAILURE ? 'start' : 'kill' }
}
