/** `kernelseal.io/seal-env-from`: the keys of Secrets that containers take whole by `envFrom`, which the Pod does not name. */
import type { Field } from '../text/field.ts'
import { wrongSecretKey, wrongSecretName } from '../text/names.ts'
import { quote } from '../text/suggest.ts'

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
    return { word, name, keys: isRight && !keys.some((key) => wrongSecretKey(key) !== undefined) ? keys : undefined }
  })
  const wrong = read.length === 0 ? '' : read.find(({ keys }) => keys === undefined)?.word
  if (wrong !== undefined) return field.error(`has the word ${quote(wrong)}`, HINT)
  return new Map(read.map(({ name, keys = [] }) => [name, [...new Set(keys)]]))
}
