/** The agent's permissions, as its command line and its environment give them. */
import { ADMITTED_VARIABLE } from '../../../agent/policy/sidecar.ts'
import type { Config } from '../../../agent/policy/types.ts'
import type { AgentSettings } from './sidecar.ts'

export function flagsOf({ lockPolicy, allowLiteral, fileRoots = [] }: AgentSettings): string[] {
  return [
    ...(lockPolicy ? ['--lock-policy'] : []),
    ...(allowLiteral ? ['--allow-literal'] : []),
    ...fileRoots.flatMap((root) => ['--file-root', root]),
  ]
}

/** The kubelet takes `$$` for `$`, and would expand the rest (kubernetes.io, Define Dependent Environment Variables). */
export function admittedEnv(config: Config, { lockPolicy }: AgentSettings) {
  return lockPolicy ? [{ name: ADMITTED_VARIABLE, value: JSON.stringify(config).replaceAll('$', '$$$$') }] : []
}
