/** What the agent is allowed, as its command line and its environment say it. */
import { ADMITTED_VARIABLE } from '../../agent/policy/sidecar.ts'
import type { Config } from '../../agent/policy/types.ts'
import type { AgentSettings } from './sidecar.ts'

export function flagsOf({ lockPolicy, allowLiteral }: AgentSettings): string[] {
  return [...(lockPolicy ? ['--lock-policy'] : []), ...(allowLiteral ? ['--allow-literal'] : [])]
}

/** The kubelet takes `$$` for `$`, and would expand what is left (kubernetes.io, Define Dependent Environment Variables). */
export function admittedEnv(config: Config, { lockPolicy }: AgentSettings) {
  return lockPolicy ? [{ name: ADMITTED_VARIABLE, value: JSON.stringify(config).replaceAll('$', '$$$$') }] : []
}
