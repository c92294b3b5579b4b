/** The prose of a file of this repository: a Markdown page without its code, the comments of a source. */

const SLASHES = /\.(?:ts|mjs|js|c|h)$/
const HASHES = /(?:\.(?:sh|py|ya?ml|toml)|(?:^|\/)(?:Makefile|Dockerfile[.\w]*))$/
/** Written by machines, or data. */
const NOT_OURS = /(?:^|\/)(?:node_modules|fixtures)\/|^docs\/(?:benchmarks\/|kernels\.md)|vmlinux\.h$/

/** @returns undefined for a file that is not counted; `read` is called for the others, and for scripts without a suffix */
export function textOf(name: string, read: () => string): string | undefined {
  if (name === '' || NOT_OURS.test(name)) return undefined
  if (name.endsWith('.md')) return proseOf(read())
  if (SLASHES.test(name)) return slashComments(read())
  if (HASHES.test(name)) return hashComments(read())
  if (/\.[a-z0-9]+$/i.test(name) || !/^(?:scripts|\.ci|agent)\//.test(name)) return undefined
  const source = read()
  return source.startsWith('#!') ? hashComments(source) : undefined
}

/** Without fenced code, and without code and addresses within a line. */
function proseOf(page: string): string {
  return page
    .replace(/^(`{3,}|~{3,}).*?^\1/gms, '')
    .replace(/`[^`\n]*`/g, '')
    .replace(/\]\([^)\n]*\)/g, ']')
}

/** A `//` after a colon or in quotes is an address or a text; comments here follow a space or start the line. */
function slashComments(source: string): string {
  return withoutCode([...source.matchAll(/\/\*[\s\S]*?\*\/|(?:^|(?<=\s))\/\/.*$/gm)])
}

function hashComments(source: string): string {
  return withoutCode([...source.matchAll(/(?:^|(?<=\s))#(?!!)[ \t].*$/gm)])
}

function withoutCode(comments: readonly RegExpMatchArray[]): string {
  return comments.map(([text]) => text.replace(/`[^`\n]*`/g, '')).join('\n')
}
