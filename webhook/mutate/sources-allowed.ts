/** Sources that the agent would refuse to read, by the settings it is given. */
import { filesOutside } from '../../agent/policy/secrets/file-roots.ts'
import { literalsIn } from '../../agent/policy/secrets/literal.ts'
import { quote } from '../../agent/policy/text/suggest.ts'
import type { Config } from '../../agent/policy/types.ts'
import { type Deny, deny } from './outcome.ts'
import type { AgentSettings } from './sidecar.ts'
import { vaultRefsIn } from './vault.ts'

/** Said before the Pod is there, or before the annotation is. */
export function refuseSources(
  config: Config,
  { allowLiteral, vault, fileRoots = [] }: AgentSettings,
): Deny | undefined {
  const [literal] = allowLiteral ? [] : literalsIn(config)
  if (literal) return deny('literal-value', `\`${literal.variable}\` of binding ${quote(literal.binding)}`)
  const [file] = filesOutside(config, fileRoots)
  if (file)
    return deny('file-outside', `\`${file.variable}\` of binding ${quote(file.binding)} names ${quote(file.path)}`)
  const [ref] = vault ? [] : vaultRefsIn(config)
  return ref && deny('no-vault', `\`${ref.variable}\` of binding ${quote(ref.binding)}`)
}
