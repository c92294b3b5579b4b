/** Bound variables that a container has otherwise already, or shows. */
import type { Variable } from '../../../agent/policy/secrets/variables.ts'
import { type Deny, deny } from '../answer/outcome.ts'
import { envConflict, expansionInCommand, expansionInEnv, variablesIn } from '../change/placeholders.ts'
import type { Go } from '../decide.ts'

export function refuseVariables(
  { covered, config, serves }: Pick<Go, 'covered' | 'config' | 'serves'>,
  variables: readonly Variable[],
): Deny | undefined {
  for (const container of covered) {
    const own = variablesIn(container, variables)
    const conflict = envConflict(container, own, config, serves)
    if (conflict !== undefined) return deny('variable-already-set', conflict)
    const shown = expansionInCommand(container, own)
    if (shown !== undefined) return deny('variable-in-command', shown)
    const expansion = expansionInEnv(container, own)
    if (expansion !== undefined) return deny('variable-referenced', expansion)
  }
  return undefined
}
