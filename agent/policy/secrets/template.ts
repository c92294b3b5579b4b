/**
 * `$(NAME)` in a composed value, by Kubernetes' rules for `env[].value`
 * (third_party/forked/golang/expansion): `$$` is a `$`, and text that is not a whole `$(NAME)` stays as it is.
 */

const TOKEN = /\$\$|\$\(([A-Za-z_][-.A-Za-z0-9_]*)\)/g

/** A stretch of plain text, escapes resolved, or a reference. */
export type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'reference'; readonly name: string }

/** One by one: a text of megabytes has millions of them, which together would take more memory than the webhook has. */
export function* templateParts(template: string): Generator<Part> {
  let from = 0
  for (const match of template.matchAll(TOKEN)) {
    if (match.index > from) yield { kind: 'text', text: template.slice(from, match.index) }
    yield match[1] === undefined ? { kind: 'text', text: '$' } : { kind: 'reference', name: match[1] }
    from = match.index + match[0].length
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

/** The variables a template takes its parts from, each once. */
export function templateReferences(template: string): string[] {
  const names = new Set<string>()
  findReference(template, (name) => {
    names.add(name)
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
    filled += part.kind === 'text' ? part.text : lookUp(part.name)
    if (filled.length > limit) return undefined
  }
  return filled
}
