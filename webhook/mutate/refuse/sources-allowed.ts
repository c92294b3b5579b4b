/** Sources that the agent would refuse to read, by the settings it is given. */
import { filesOutside } from '../../../agent/policy/secrets/file-roots.ts'
import { literalsIn } from '../../../agent/policy/secrets/literal.ts'
import { refsOf } from '../../../agent/policy/secrets/refs-of.ts'
import { quote } from '../../../agent/policy/text/suggest.ts'
import type { Config, Source } from '../../../agent/policy/types.ts'
import { type Deny, deny } from '../answer/outcome.ts'
import type { AgentSettings } from '../sidecar/sidecar.ts'

type Refusal = (config: Config, settings: AgentSettings) => Deny | undefined
const never: Refusal = () => undefined

/** A remote source: the agents are told where its server is, or no Pod may name it. */
function needsServer(kind: Source['kind'], flags: string): Refusal {
  return (config, { servers = [] }) => {
    const isKnown = servers.some((server) => server.kind === kind)
    const [ref] = isKnown ? [] : refsOf(config, (source) => source.kind === kind)
    if (!ref) return undefined
    const where = `\`${ref.variable}\` of binding ${quote(ref.binding)}`
    return deny('no-server', `${where} has a \`${kind}\`, which needs ${flags}`)
  }
}

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
  vaultRef: needsServer('vaultRef', '`--vault-address` and `--vault-role`'),
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
