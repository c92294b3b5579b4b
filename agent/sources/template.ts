/** A value composed of others of its binding: `postgres://app:$(PGPASSWORD)@db/app`, byte-exact. */
import { MAX_CAPACITY } from '../policy/secrets/placeholder.ts'
import { fillTemplate } from '../policy/secrets/template.ts'
import { SourceError } from './error.ts'

/** Latin-1 both ways maps each byte to one character and back, so nothing is decoded on the way. */
export function expandTemplate(template: string, values: ReadonlyMap<string, Buffer>): Buffer {
  const text = Buffer.from(template).toString('latin1')
  const lookUp = (name: string): string => {
    const value = values.get(name)
    if (value) return value.toString('latin1')
    throw new SourceError(
      'template',
      `its \`$(${name})\` has no value`,
      `mend the source of \`${name}\` in this binding`,
    )
  }
  const filled = fillTemplate(text, lookUp, MAX_CAPACITY)
  if (filled !== undefined) return Buffer.from(filled, 'latin1')
  const why = `its value would have more than ${MAX_CAPACITY} bytes`
  throw new SourceError('template', why, 'refer to fewer or shorter values')
}
