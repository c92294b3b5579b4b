/** `kernelseal.io/seal-env-from`: the keys of Secrets that containers take whole by `envFrom`, which the Pod does not name. */
import type { Field } from '../text/field.ts'
import { wrongSecretKey, wrongSecretName } from '../text/names.ts'

/** Secret → its keys. */
export type SealEnvFrom = ReadonlyMap<string, readonly string[]>

const HINT = 'such as `db=user,password`; several Secrets stand on lines of their own, or between spaces'

export function readSealEnvFrom(field: Field): SealEnvFrom | undefined {
  const words = field
    .text()
    ?.split(/\s+/)
    .filter((word) => word !== '')
  if (words === undefined) return undefined
  const read = words.map((word) => {
    const [name = '', list, ...rest] = word.split('=')
    const keys = list?.split(',') ?? []
    const isRight = rest.length === 0 && keys.length > 0 && wrongSecretName(name) === undefined
    return { name, keys: isRight && !keys.some((key) => wrongSecretKey(key) !== undefined) ? keys : undefined }
  })
  // Not repeated: an author who takes this for a list of values has one in it.
  const wrong = read.findIndex(({ keys }) => keys === undefined)
  if (read.length === 0 || wrong >= 0) return field.error(`has a wrong word, number ${Math.max(wrong, 0) + 1}`, HINT)
  return new Map(read.map(({ name, keys = [] }) => [name, [...new Set(keys)]]))
}
