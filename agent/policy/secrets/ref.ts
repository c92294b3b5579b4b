/** The short form of a source, `<ref>`: the text after `secret.kernelseal.io/<ENV_NAME>:`. */
import type { Field } from '../text/field.ts'
import { wrongPath, wrongSecretKey, wrongSecretName } from '../text/names.ts'
import type { Source } from '../types.ts'

const FORMS = '`secret/<name>/<key>`, `file:<absolute path>` or `env:<NAME>`'

/** Reads `secret/<name>/<key>`, `file:<path>` or `env:<NAME>`; reports mistakes, without the text, and returns undefined. */
export function readRef(given: Field): Source | undefined {
  const field = given.hidden()
  const text = field.text()
  if (text === undefined) return undefined
  if (text.startsWith('secret/')) return readSecret(field, text)
  if (text.startsWith('file:')) {
    const path = field.checked(text.slice('file:'.length), wrongPath)
    return path === undefined ? undefined : { kind: 'fileRef', path }
  }
  if (text.startsWith('env:')) {
    const name = text.slice('env:'.length)
    if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return { kind: 'envRef', name }
    return field.error('names no variable', 'letters, digits and _, not starting with a digit')
  }
  // The text is not repeated: it may be the secret itself, put here by mistake.
  return field.error('is not a reference to a secret', `write ${FORMS}`)
}

function readSecret(field: Field, text: string): Source | undefined {
  const [, name, key, ...rest] = text.split('/')
  if (name === undefined || key === undefined || rest.length > 0) {
    return field.error('does not have three parts', 'write `secret/<name>/<key>`')
  }
  const goodName = field.checked(name, wrongSecretName)
  const goodKey = field.checked(key, wrongSecretKey)
  return goodName === undefined || goodKey === undefined ? undefined : { kind: 'secretKeyRef', name, key }
}
