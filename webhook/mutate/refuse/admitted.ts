/** The policy of admission, which a locked agent carries in a variable of its environment. */
import { ADMITTED_VARIABLE } from '../../../agent/policy/sidecar.ts'
import type { Config } from '../../../agent/policy/types.ts'
import { type Deny, deny } from '../answer/outcome.ts'
import type { AgentSettings } from '../sidecar/sidecar.ts'

/** Bytes of one string of an environment, with its end (MAX_ARG_STRLEN, include/uapi/linux/binfmts.h): with a longer one exec fails. */
const MOST_BYTES = 131_072

export function refuseAdmitted(config: Config, { lockPolicy }: Pick<AgentSettings, 'lockPolicy'>): Deny | undefined {
  if (!lockPolicy) return undefined
  // As the agent gets it: the kubelet halves the `$$` that the value is written with.
  const bytes = Buffer.byteLength(`${ADMITTED_VARIABLE}=${JSON.stringify(config)}\0`)
  return bytes > MOST_BYTES ? deny('policy-too-large', `${bytes} bytes, the limit is ${MOST_BYTES}`) : undefined
}
