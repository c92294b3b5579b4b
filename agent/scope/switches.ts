/** The policy's switches and what it leaves of the kernel ⇄ bits of a scope's record. */
import { DEFAULT_POLICY, POLICY_KEYS, type Switch } from '../policy/strength/policy-table.ts'
import { type Config, KERNEL_CONTROL, type KernelControl, type Policy } from '../policy/types.ts'
import { MODE } from '../wire/constants.ts'
import { CONTROL, SWITCH } from '../wire/generated.ts'

/** The switches whose bits have shorter names; every other one has the same name, as `allowSelfRead` and ALLOW_SELF_READ. */
const SHORTER = { blockDebugSignals: 'BLOCK_DEBUG', kernelBinaryFilter: 'BINARY_FILTER' } as const
type Upper<Key extends string> = Key extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? '' : '_'}${Uppercase<First>}${Upper<Rest>}`
  : ''
type Bit = { [Key in Switch]: Key extends keyof typeof SHORTER ? (typeof SHORTER)[Key] : Upper<Key> }[Switch]

const bitOf = (name: Switch): Bit =>
  name in SHORTER
    ? SHORTER[name as keyof typeof SHORTER]
    : (name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase() as Bit)

const NAMES = POLICY_KEYS.filter((key): key is Switch => typeof DEFAULT_POLICY[key] === 'boolean')
/** A switch without its bit does not compile here: add it to `enum ks_switch` in bpf/lib/wire/policy.h, then `npm run build`. */
const BITS = Object.fromEntries(NAMES.map((name) => [name, SWITCH[bitOf(name)]])) as Record<Switch, number>

const CONTROL_BITS = {
  'sysctl-vm': CONTROL.SYSCTL_VM,
  'sysctl-fs': CONTROL.SYSCTL_FS,
  sysfs: CONTROL.SYSFS,
  cgroups: CONTROL.CGROUPS,
  'block-devices': CONTROL.BLOCK_DEVICES,
  modules: CONTROL.MODULES,
  'file-handles': CONTROL.FILE_HANDLES,
  devices: CONTROL.DEVICES,
} as const satisfies Record<KernelControl, number>

function switchesOf({ policy, onFailure }: Pick<Config, 'policy' | 'onFailure'>, host: boolean): number {
  const chosen = NAMES.filter((name) => policy[name]).reduce((bits, name) => bits | BITS[name], 0)
  return chosen | (onFailure === 'start' ? SWITCH.START_ON_FAILURE : 0) | (host ? SWITCH.HOST : 0)
}

const controlOf = ({ kernelControl }: Policy): number =>
  kernelControl.reduce((bits, name) => bits | CONTROL_BITS[name], 0)

/** The way back of `policyWords`. */
export function policyOf(mode: Policy['mode'], bits: number, control: number): Pick<Config, 'policy' | 'onFailure'> {
  const switches = Object.fromEntries(NAMES.map((name) => [name, (bits & BITS[name]) !== 0])) as Record<Switch, boolean>
  const kernelControl = KERNEL_CONTROL.filter((name) => (control & CONTROL_BITS[name]) !== 0)
  return { policy: { mode, ...switches, kernelControl }, onFailure: bits & SWITCH.START_ON_FAILURE ? 'start' : 'kill' }
}

/** The words of a scope's record that a policy decides, by the names of struct ks_scope. */
export const policyWords = (config: Pick<Config, 'policy' | 'onFailure'>, host: boolean) => ({
  mode: MODE[config.policy.mode],
  switches: switchesOf(config, host),
  kernel_control: controlOf(config.policy),
})
export type PolicyWords = ReturnType<typeof policyWords>
