/** The `seal-env` annotation: seal the `secretKeyRef` variables of these containers as they stand in the Pod. */
import type { Field } from '../text/field.ts'
import { wrongLabel } from '../text/names.ts'
import { quote } from '../text/suggest.ts'

export interface SealEnv {
  /** Names of containers, or every container of the Pod. */
  readonly containers: readonly string[] | 'all'
  /** A variable that cannot be sealed refuses the Pod, instead of being named in a warning. */
  readonly strict: boolean
}

const HINT = '`true`, `strict`, or names of containers separated by commas; `strict, app` is both'

/** Names of containers, separated by commas. */
export function readNames(field: Field): readonly string[] | undefined {
  const words = field
    .text()
    ?.split(',')
    .map((word) => word.trim())
  const wrong = words?.find((word) => wrongLabel(word) !== undefined)
  if (wrong !== undefined)
    return field.error(`has the word ${quote(wrong)}`, 'names of containers, separated by commas')
  return words && [...new Set(words)]
}

/** `true`, `false`, `strict`, container names, or `strict` and container names. A container may not have such a word for a name. */
export function readSealEnv(field: Field): SealEnv | undefined {
  const words = field
    .text()
    ?.split(',')
    .map((word) => word.trim())
  if (words === undefined || (words.length === 1 && words[0] === 'false')) return undefined
  const strict = words.includes('strict')
  const rest = words.filter((word) => word !== 'strict')
  if (rest.length === 0 || (rest.length === 1 && rest[0] === 'true')) return { containers: 'all', strict }
  const wrong = rest.find((word) => word === 'true' || word === 'false' || wrongLabel(word) !== undefined)
  if (wrong !== undefined) return field.error(`has the word \`${wrong.slice(0, 80)}\``, HINT)
  return { containers: [...new Set(rest)], strict }
}
