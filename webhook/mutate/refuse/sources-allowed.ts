/** Sources that the agent would refuse to read, by the settings it is given. */
import { filesOutside } from '../../../agent/policy/secrets/file-roots.ts'
import { literalsIn } from '../../../agent/policy/secrets/literal.ts'
import { quote } from '../../../agent/policy/text/suggest.ts'
import type { Config, Source } from '../../../agent/policy/types.ts'
import { type Deny, deny } from '../answer/outcome.ts'
import type { AgentSettings } from '../sidecar/sidecar.ts'
import { vaultRefsIn } from '../sidecar/vault.ts'

type Refusal = (config: Config, settings: AgentSettings) => Deny | undefined
const never: Refusal = () => undefined

/** By kind of source, so that a new kind does not compile before it says what the agent has to be given for it. */
const REFUSALS: Readonly<Record<Source['kind'], Refusal>> = {
  value: (config, { allowLiteral }) => {
    const [literal] = allowLiteral ? [] : literalsIn(config)
    return literal && deny('literal-value', `\`${literal.variable}\` of binding ${quote(literal.binding)}`)
  },
  fileRef: (config, { fileRoots = [] }) => {
    const [file] = filesOutside(config, fileRoots)
    if (!file) return undefined
    return deny('file-outside', `\`${file.variable}\` of binding ${quote(file.binding)} names ${quote(file.path)}`)
  },
  vaultRef: (config, { vault }) => {
    const [ref] = vault ? [] : vaultRefsIn(config)
    return ref && deny('no-vault', `\`${ref.variable}\` of binding ${quote(ref.binding)}`)
  },
  // The webhook alone makes the agent's environment; that of a host's agent is its operator's.
  envRef: (config) => {
    const refs = config.secrets.flatMap(({ name, secretRefs }) => secretRefs.map((ref) => ({ binding: name, ...ref })))
    const found = refs.find(({ source }) => source.kind === 'envRef')
    return found && deny('env-outside', `\`${found.name}\` of binding ${quote(found.binding)}`)
  },
  // The Pod's own.
  secretKeyRef: never,
  // One without references is a `value`.
  template: never,
}

/** Said before the Pod is there, or before the annotation is. @returns the first refusal, in the order above */
export function refuseSources(config: Config, settings: AgentSettings): Deny | undefined {
  for (const refuse of Object.values(REFUSALS)) {
    const denied = refuse(config, settings)
    if (denied) return denied
  }
  return undefined
}
