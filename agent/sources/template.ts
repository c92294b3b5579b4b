/** A value composed of others of its binding: `postgres://app:$(PGPASSWORD)@db/app`. `$$(NAME)` stays `$(NAME)`. */
import { SourceError } from './error.ts'

/** Byte-exact: what is put in is not decoded on the way (Kubernetes' own `$(NAME)` syntax, third_party/forked/golang). */
export function expandTemplate(template: string, values: ReadonlyMap<string, Buffer>): Buffer {
  const parts = template.split(/(\$?\$\([A-Za-z_][A-Za-z0-9_]*\))/)
  return Buffer.concat(parts.map((part, i) => (i % 2 ? expand(part, values) : Buffer.from(part))))
}

function expand(reference: string, values: ReadonlyMap<string, Buffer>): Buffer {
  if (reference.startsWith('$$')) return Buffer.from(reference.slice(1))
  const name = reference.slice(2, -1)
  const value = values.get(name)
  if (value) return value
  throw new SourceError('template', `its \`$(${name})\` has no value`, `add \`${name}\` to the binding, before the template`)
}
