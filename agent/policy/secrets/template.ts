/**
 * `$(NAME)` in a composed value, as the kubelet reads `env[].value` (third_party/forked/golang/expansion/expand.go): `$$` is a `$`,
 * a reference ends at the first `)`, with any text in between, and an unknown name stays as it is written.
 */

/** Names that a binding may give a value to; another one in a template is text. */
const BINDABLE = /^[A-Za-z_][-.A-Za-z0-9_]*$/

/** A stretch of plain text, escapes resolved, or a reference. */
export type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'reference'; readonly name: string }

/** One by one: a text of megabytes has millions of them, which together would take more memory than the webhook has. */
export function* templateParts(template: string): Generator<Part> {
  const lastClose = template.lastIndexOf(')')
  let from = 0
  for (let at = template.indexOf('$'); at !== -1; at = template.indexOf('$', at)) {
    const next = template[at + 1]
    // Without a `)` behind it, which is looked for once only, it opens nothing.
    const isOpen = next === '(' && at + 1 < lastClose
    if (next !== '$' && !isOpen) {
      at++
      continue
    }
    if (at > from) yield { kind: 'text', text: template.slice(from, at) }
    const end = isOpen ? template.indexOf(')', at) : at + 1
    yield isOpen ? { kind: 'reference', name: template.slice(at + 2, end) } : { kind: 'text', text: '$' }
    at = end + 1
    from = at
  }
  if (from < template.length) yield { kind: 'text', text: template.slice(from) }
}

/** The first of the variables that a template takes its parts from of which `wanted` is true. */
export function findReference(template: string, wanted: (name: string) => boolean): string | undefined {
  // Most values are plain, and a Pod may have thousands.
  if (!template.includes('$(')) return undefined
  for (const part of templateParts(template)) if (part.kind === 'reference' && wanted(part.name)) return part.name
  return undefined
}

/** The variables of a binding that a template takes its parts from, each once. */
export function templateReferences(template: string): string[] {
  const names = new Set<string>()
  findReference(template, (name) => {
    if (BINDABLE.test(name)) names.add(name)
    return false
  })
  return [...names]
}

/**
 * @param lookUp called for every reference; its exceptions pass through
 * @param limit characters of the result
 * @returns undefined as soon as the result is longer
 */
export function fillTemplate(template: string, lookUp: (name: string) => string, limit: number): string | undefined {
  let filled = ''
  for (const part of templateParts(template)) {
    const isBound = part.kind === 'reference' && BINDABLE.test(part.name)
    filled += part.kind === 'text' ? part.text : isBound ? lookUp(part.name) : `$(${part.name})`
    if (filled.length > limit) return undefined
  }
  return filled
}
